# The real orchestrator with the blueprint of examples/orchestrator.
FROM python:3.12-slim
RUN pip install --no-cache-dir 'avtomatika[redis]==1.0b30'
WORKDIR /app
COPY orchestrator/orchestrator.py deploy/clients.toml ./
RUN useradd --system orchestrator
USER orchestrator
EXPOSE 8080
# Python ignores SIGTERM as process 1 unless it handles it. The orchestrator does not end at SIGTERM while it uses Redis.
STOPSIGNAL SIGKILL
CMD ["python", "orchestrator.py"]
