"""What every app stands on: policy, audit, jobs, words, paging, errors. Knows no business word."""
