"""The service's routes and what surrounds them; the only modules that know FastAPI and Starlette."""
