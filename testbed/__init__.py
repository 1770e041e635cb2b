"""A real Kubernetes cluster on this machine, for the demo, the tests and the benchmarks.

Real parts only: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and, as root on Linux, containerd,
kubelet and kube-proxy. Binaries are found or built once and kept in a cache outside the tree.
"""
