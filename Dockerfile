# The operator's image. Builds with Docker, buildah and podman alike; a build behind a proxy gets its CA bundle and
# package index from build arguments and volumes, none of which stay in the image.
ARG BASE_IMAGE=docker.io/library/python:3.11-slim
ARG BUILD_IMAGE=${BASE_IMAGE}

FROM ${BUILD_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/rolebound
WORKDIR /src
# The dependencies change seldom: a layer of their own.
COPY requirements/operator.txt requirements/
RUN /opt/build/bin/pip --python /opt/rolebound/bin/python install --require-hashes -r requirements/operator.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator/ operator/
RUN /opt/build/bin/pip --python /opt/rolebound/bin/python install --no-deps .

# The AWS stand-in, an image of its own: `--target emulator`. The operator's has none of it.
FROM build AS build-emulator
COPY requirements/emulator.txt requirements/
RUN /opt/build/bin/pip --python /opt/rolebound/bin/python install --require-hashes -r requirements/emulator.txt

FROM ${BASE_IMAGE} AS emulator
COPY --from=build-emulator /opt/rolebound /opt/rolebound
ENV PATH=/opt/rolebound/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Made here, so that a volume mounted over it belongs to the user below.
RUN mkdir /state && chown 65532:65532 /state
VOLUME /state
EXPOSE 4566
USER 65532:65532
ENTRYPOINT ["rolebound"]
CMD ["emulate", "--host=0.0.0.0", "--state-dir=/state", "--state-file=/state/state.json"]

FROM ${BASE_IMAGE}
COPY --from=build /opt/rolebound /opt/rolebound
ENV PATH=/opt/rolebound/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Numeric, so that the kubelet can see that it is not root.
USER 65532:65532
ENTRYPOINT ["rolebound"]
CMD ["run"]
