# docker build -t api-usage-console .
# docker run -p 8501:8501 -v usage:/data --env-file usage.env api-usage-console
# Without the settings of the sign-in (docs/sign-in.md) it refuses to start.
FROM python:3.12-slim

WORKDIR /app
COPY requirements.txt .
RUN python -m pip install --no-cache-dir -r requirements.txt
COPY . .

# Nothing of the program can be changed by the program; only /data can.
RUN useradd --no-create-home --uid 10001 console && install -d -o console /data
USER 10001
ENV USAGE_DATABASE_URL=ducklake:////data \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8501
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; base = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); urllib.request.urlopen('http://127.0.0.1:8501' + (base and '/' + base) + '/readyz', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py"]
