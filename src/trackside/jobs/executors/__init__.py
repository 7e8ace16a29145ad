"""Where the processes of jobs run."""
