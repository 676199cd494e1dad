# Advisor API and dashboards in one small image; training and serving are installed where the accelerators are.
FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY pyproject.toml constraints.txt README.md ./
COPY advisor advisor
COPY trainer trainer
COPY serving serving
COPY dashboards dashboards
COPY data data
RUN pip wheel --quiet --no-deps --wheel-dir dist . \
 && python -m venv /venv \
 && /venv/bin/pip install --quiet --constraint constraints.txt "$(ls dist/*.whl)[api,dashboards,exports]"

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin richtwert
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080 8501
CMD ["advisor", "serve", "--host", "0.0.0.0", "--port", "8080"]
