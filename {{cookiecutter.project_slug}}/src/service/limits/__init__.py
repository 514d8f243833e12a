"""How much each caller may ask: rates and quotas, counted in this process or, for several, in Redis.

``Limits`` is what the service asks. It counts in a ``LocalLimiter`` or in a ``SharedLimiter``, which admit the same, as
both follow the algorithm of ``gcra``.
"""

from __future__ import annotations

from service.limits.enforce import Limits
from service.limits.gcra import Limit, Limiter, Rate, Refused
from service.limits.local import LocalLimiter
from service.limits.shared import POLICY, SharedLimiter

__all__ = ["POLICY", "Limit", "Limiter", "Limits", "LocalLimiter", "Rate", "Refused", "SharedLimiter"]
