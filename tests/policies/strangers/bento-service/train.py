"""Trains the pipeline and saves it to the model store."""

import bentoml
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

reviews = pd.read_parquet("reviews.parquet")
pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=500))
pipeline.fit(reviews["text"], reviews["positive"])
bentoml.sklearn.save_model("sentiment", pipeline, metadata={"rows": len(reviews)})
