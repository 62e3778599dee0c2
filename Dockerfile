FROM rust:1.95-slim-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential git musl-tools \
    && rm -rf /var/lib/apt/lists/* \
    && rustup target add "$(uname -m)-unknown-linux-musl" \
    && cargo install --locked cargo-auditable
WORKDIR /e6
COPY . .
RUN binary=$(deploy/packaging/static) && deploy/packaging/rootfs "$binary" /rootfs

# Nothing but the static binary: CA roots and time zones are compiled in.
FROM scratch
LABEL org.opencontainers.image.title="e6" \
      org.opencontainers.image.description="Does Tatis Jr. have an error today? The whole website, in one binary." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /rootfs /
USER 65532:65532
# The last answer, certificates and the account with the CA: all that outlives a container. The root can be read-only.
VOLUME /var/lib/e6
ENV E6_HTTP=0.0.0.0:8080 E6_HTTPS=0.0.0.0:8443 E6_DATA_DIR=/var/lib/e6 E6_CERTS=/var/lib/e6/certs
EXPOSE 8080 8443 8443/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/usr/bin/e6", "health"]
ENTRYPOINT ["/usr/bin/e6"]
