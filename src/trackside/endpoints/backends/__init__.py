"""Backends that run replicas: child processes, Ray and Kubernetes."""
