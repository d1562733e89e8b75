"""Tests of the sandbox: what it invents, what it holds, and how it answers."""
