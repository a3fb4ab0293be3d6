"""One process group: web server and worker, started and stopped together; first start, backup, demo company."""
