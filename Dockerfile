# Two images from one source, neither of which runs as root:
#   docker build --target advisor .   the HTTP API, its worker, its migrations and the dashboards; no torch in it
#   docker build --target serving .   the OpenAI-compatible server, with torch
# For a serving image without CUDA libraries give the address of PyTorch's index of CPU wheels: --build-arg TORCH_INDEX=...
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml constraints.txt README.md ./
COPY advisor advisor
COPY trainer trainer
COPY serving serving
COPY dashboards dashboards
COPY data data
RUN pip wheel --quiet --no-deps --wheel-dir dist .

FROM build AS advisor-packages
RUN python -m venv /venv \
 && /venv/bin/pip install --quiet --constraint constraints.txt "$(ls dist/*.whl)[api,dashboards,exports]"

FROM build AS serving-packages
ARG TORCH_INDEX=""
RUN python -m venv /venv \
 && /venv/bin/pip install --quiet --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
      "$(ls dist/*.whl)[serving]"

FROM python:3.11.14-slim-bookworm AS runtime
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin richtwert \
 && install --directory --owner 10001 --group 10001 /records
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001:10001

FROM runtime AS serving
COPY --from=serving-packages /venv /venv
ENV HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1
EXPOSE 8000
CMD ["serving", "up", "/model", "--host", "0.0.0.0", "--port", "8000", "--records", "/records"]

FROM runtime AS advisor
COPY --from=advisor-packages /venv /venv
EXPOSE 8080 8501 9464
CMD ["advisor", "serve", "--host", "0.0.0.0", "--port", "8080"]
