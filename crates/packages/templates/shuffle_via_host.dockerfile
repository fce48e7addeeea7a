FROM frikky/shuffle:app_sdk

COPY requirements.txt /tmp/
RUN pip install --no-cache-dir -r /tmp/requirements.txt
COPY src /app
WORKDIR /app
CMD ["python", "app.py", "--log-level", "DEBUG"]
