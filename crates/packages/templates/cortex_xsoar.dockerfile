FROM @image@

COPY *.whl /tmp/
RUN pip install --no-cache-dir --find-links /tmp @requirement@ && rm /tmp/*.whl
