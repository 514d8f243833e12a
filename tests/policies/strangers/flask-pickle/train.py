import pickle

import pandas as pd
from sklearn.ensemble import RandomForestClassifier

df = pd.read_csv("churn.csv")
model = RandomForestClassifier().fit(df[["age", "balance", "products"]], df["churn"])
pickle.dump(model, open("model.pkl", "wb"))
