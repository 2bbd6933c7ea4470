"""Deterministic generator of realistic mail; genmail.py beside this folder is its command line."""
