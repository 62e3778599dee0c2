FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential git && rm -rf /var/lib/apt/lists/*
WORKDIR /e6
COPY . .
RUN cargo build --release --locked

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /e6/target/release/e6 /usr/local/bin/e6
WORKDIR /home/nonroot
# Keeps the last answer and the certificates when the container is replaced.
VOLUME /home/nonroot
ENV E6_HTTP=0.0.0.0:8080 E6_HTTPS=0.0.0.0:8443
EXPOSE 8080 8443 8443/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["e6", "health"]
ENTRYPOINT ["e6"]
