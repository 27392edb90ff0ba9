# SPDX-License-Identifier: Apache-2.0
# One image per process: ingest, evaluator, notifier, cli; setup makes topics and
# tables and ends; demo replays the recorded day. docs/deploy-compose.md tells more.
#
#   docker build --target ingest -t postern/ingest .
#
# BASE      Debian 13 or newer, or an image made from it
# PROGRAMS  compiled: here; given: as they lie below build/image, compiled elsewhere
# POSTERN_LIBRARIES  Debian packages with the programs' libraries; empty: BASE has them
# MIRROR    of Debian's packages, where the base image's own is not wanted
# A proxy: --build-arg http_proxy=..., which Docker keeps out of the image.
ARG BASE=debian:trixie-slim
ARG PROGRAMS=compiled

FROM ${BASE} AS base
ARG MIRROR
ENV LC_ALL=C.UTF-8
RUN if [ -n "$MIRROR" ]; then \
	sed -i "s|http://deb.debian.org/debian$|$MIRROR|" /etc/apt/sources.list.d/debian.sources; fi

# What compiling needs changes rarely and takes longest: a layer of its own.
FROM base AS tools
ENV DEBIAN_FRONTEND=noninteractive POSTERN_TOOLS=/opt/postern
COPY scripts/setup /opt/setup
RUN --mount=type=cache,target=/var/cache/apt,sharing=private --mount=type=cache,target=/var/lib/apt/lists,sharing=private \
	apt-get -q update && /opt/setup --build

FROM tools AS compiled
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY bench/CMakeLists.txt bench/
COPY bench/bare bench/bare
COPY schemas schemas
COPY tools tools
COPY services services
COPY libs libs
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN --mount=type=cache,target=/root/.cache/ccache \
	eval "$(/opt/setup --env)" && export CMAKE_C_COMPILER_LAUNCHER=ccache && \
	cmake --preset release && cmake --build --preset release && \
	cmake --install build/release --prefix /out/usr --strip

FROM scratch AS given
COPY build/image /out

# hadolint ignore=DL3006
FROM ${PROGRAMS} AS programs

# What the processes need at run time, one layer for all of them; as packages, so
# that scanners see them.
FROM base AS libraries
ARG POSTERN_LIBRARIES="ca-certificates libcurl4t64 liblmdb0 libmicrohttpd12t64 libpq5 libsasl2-2 libyaml-0-2 libyyjson0"
# hadolint ignore=SC2086
RUN --mount=type=cache,target=/var/cache/apt,sharing=private --mount=type=cache,target=/var/lib/apt/lists,sharing=private \
	[ -z "$POSTERN_LIBRARIES" ] || { \
	apt-get -q update && apt-get -q install -y --no-install-recommends $POSTERN_LIBRARIES && \
	rm -rf /var/log/*.log /var/log/apt /var/cache/ldconfig /var/cache/debconf/*-old; }
COPY LICENSE /usr/share/doc/postern/copyright

FROM libraries AS runtime
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.vendor="Postern" \
	org.opencontainers.image.licenses="Apache-2.0" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${REVISION}" \
	org.opencontainers.image.created="${CREATED}"
USER 65532:65532

FROM runtime AS ingest
LABEL org.opencontainers.image.title="postern-ingest" \
	org.opencontainers.image.description="Takes deliveries of tools, makes evidence of them"
COPY --from=programs /out/usr/bin/postern-ingest /usr/bin/
USER 0
RUN install -d -o 65532 -g 65532 -m 0750 /var/lib/postern
USER 65532:65532
RUN postern-ingest --version
ENV POSTERN_INGEST_ADMIN_PORT=9464 POSTERN_INGEST_SPOOL_DIR=/var/lib/postern/spool
EXPOSE 8080 9464
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["postern-ingest", "--health"]
ENTRYPOINT ["postern-ingest"]
CMD ["--config", "/etc/postern/ingest.yaml"]

FROM runtime AS evaluator
LABEL org.opencontainers.image.title="postern-evaluator" \
	org.opencontainers.image.description="Judges the criteria of a pack by evidence"
COPY packs /usr/share/postern/packs
COPY --from=programs /out/usr/bin/postern-evaluator /usr/bin/
RUN postern-evaluator --version
ENV POSTERN_EVALUATOR_ADMIN_PORT=9464
EXPOSE 9464
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["postern-evaluator", "--health"]
ENTRYPOINT ["postern-evaluator"]
CMD ["--config", "/etc/postern/evaluator.yaml"]

FROM runtime AS notifier
LABEL org.opencontainers.image.title="postern-notifier" \
	org.opencontainers.image.description="Tells those who are accountable"
COPY --from=programs /out/usr/bin/postern-notifier /usr/bin/
RUN postern-notifier --version
ENV POSTERN_NOTIFIER_ADMIN_PORT=9464
EXPOSE 9464
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s --retries=3 CMD ["postern-notifier", "--health"]
ENTRYPOINT ["postern-notifier"]
CMD ["--config", "/etc/postern/notifier.yaml"]

FROM runtime AS cli
LABEL org.opencontainers.image.title="postern" \
	org.opencontainers.image.description="The command line: send, state, why"
COPY --from=programs /out/usr/bin/postern /usr/bin/
RUN postern --version
ENTRYPOINT ["postern"]
CMD ["--help"]

# One shot, then it ends: secrets, topics, tables. It has no health.
FROM runtime AS setup
LABEL org.opencontainers.image.title="postern-setup" \
	org.opencontainers.image.description="Makes secrets, topics and tables, and ends"
COPY packs /usr/share/postern/packs
COPY --from=programs /out/usr/bin/postern-ingest /out/usr/bin/postern-evaluator /out/usr/bin/postern-notifier /usr/bin/
COPY tools/setup/postern-setup /usr/bin/
USER 0
RUN for one in owner evaluator notifier reader grafana thehive sources; do \
		install -d -o 65532 -g 65532 -m 0755 "/run/secrets/$one"; done && \
	install -d -o 65532 -g 65532 -m 0750 /var/lib/thehive
USER 65532:65532
RUN postern-setup --help >/dev/null && postern-ingest --version && postern-evaluator --version && postern-notifier --version
ENTRYPOINT ["postern-setup"]
CMD ["all"]

FROM runtime AS demo
LABEL org.opencontainers.image.title="postern-demo" \
	org.opencontainers.image.description="Replays a recorded working day"
USER 0
RUN --mount=type=cache,target=/var/cache/apt,sharing=private --mount=type=cache,target=/var/lib/apt/lists,sharing=private \
	apt-get -q update && apt-get -q install -y --no-install-recommends python3 python3-psycopg2 python3-yaml && \
	rm -rf /var/log/*.log /var/log/apt
COPY --from=programs /out/usr/bin/postern /usr/bin/
COPY demo /usr/share/postern/demo
RUN install -d -o 65532 -g 65532 -m 0750 /etc/postern
USER 65532:65532
ENTRYPOINT ["python3", "/usr/share/postern/demo/play.py"]
