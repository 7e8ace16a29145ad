# The image of the server.  docs/guides/containers.md says how to run it.
#
#   docker build -t trackside .
#
# Both stages have the same base, because the environment is copied unchanged.  PYTHON_IMAGE selects another base, such as a copy
# in your registry; it must be based on Debian and have Python 3.11 or newer.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/trackside
# Before the sources, so that a change of the sources does not reinstall the packages.
COPY constraints/runtime.txt constraints/uv.txt constraints/
RUN /opt/trackside/bin/pip install --no-cache-dir --require-hashes -r constraints/runtime.txt -r constraints/uv.txt
COPY pyproject.toml hatch_build.py README.md LICENSE NOTICE ./
COPY web web
COPY src src
RUN /opt/trackside/bin/pip install --no-cache-dir --no-deps . \
    && /opt/trackside/bin/pip uninstall --quiet --yes pip \
    && /opt/trackside/bin/trackside version

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Trackside" \
      org.opencontainers.image.description="A self-hosted workspace server for machine learning that speaks the MLflow API" \
      org.opencontainers.image.licenses="Apache-2.0"
# As process 1, tini reaps the orphaned processes of jobs and endpoints.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
# A fixed number: Kubernetes checks it for runAsNonRoot, and the owner of files on a volume does not change.
RUN groupadd --gid 10001 trackside \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin trackside \
    && install -d -o trackside -g trackside -m 0700 /data
COPY --from=build /opt/trackside /opt/trackside
ENV PATH=/opt/trackside/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRACKSIDE_DATA=/data \
    TRACKSIDE_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 5000
ENTRYPOINT ["tini", "--", "trackside"]
CMD ["server"]
