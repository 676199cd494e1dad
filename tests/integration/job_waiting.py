"""Waiting for the end of a job. Enter at `job_ended`."""

import time


def job_ended(client, path, headers=None):
    """Ask for a job until it is at its end."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = client.get(path, headers=headers).json()
        if job["state"] not in ("queued", "running"):
            return job
    raise AssertionError(job)
