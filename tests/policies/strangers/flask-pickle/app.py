import pickle

from flask import Flask, jsonify, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "s3cr<+>et-flask-key-2021"
model = pickle.load(open("model.pkl", "rb"))


@app.route("/")
def home():
    return "Churn API is running"


@app.route("/predict", methods=["POST"])
def predict():
    data = request.get_json()
    print("request:", data)
    features = [[data["age"], data["balance"], data["products"]]]
    return jsonify({"churn": int(model.predict(features)[0])})


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000, debug=True)
