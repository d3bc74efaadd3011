"""The network: hashprice, hashrate, retarget, machines."""
