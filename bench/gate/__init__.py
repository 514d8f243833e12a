"""The gate's figures: time and memory of `readiness`, beside other tools that judge manifests."""
