"""The project airworthy-cluster: in AWS a network and EKS; on any cluster the namespaces and who may do what."""
