FROM python:3.12-slim-bookworm

COPY requirements.txt *.whl /tmp/
RUN pip install --no-cache-dir --find-links /tmp -r /tmp/requirements.txt
COPY src /app
WORKDIR /app
CMD ["python", "app.py", "--log-level", "DEBUG"]
