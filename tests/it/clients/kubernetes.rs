//! The manifests of `deploy/kubernetes`, against Kubernetes' published schemas and against e6.

use crate::support::{
    server::run,
    tools::{self, output},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes")
}

fn read(name: &str) -> String {
    fs::read_to_string(manifests().join(name)).unwrap()
}

fn resources() -> Vec<String> {
    let text = read("kustomization.yaml");
    let (_, rest) = text.split_once("resources:\n").unwrap();
    rest.lines().map_while(|line| line.strip_prefix("  - ")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn every_manifest_is_valid_by_the_published_schemas() {
    let python = tools::python_with("kubernetes_validate");
    let validate = python.with_file_name("kubernetes-validate");
    // cert-manager's resources have schemas of their own, which the package lacks.
    let core: Vec<_> = resources().into_iter().filter(|name| name != "certificates.yaml").collect();
    assert_eq!(core.len(), 5);
    for name in core {
        let said = Command::new(&validate).arg("--strict").arg(manifests().join(&name)).output().unwrap();
        let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        let resources = read(&name).split("\n---\n").count();
        assert!(said.status.success() && text.matches(" passed ").count() == resources, "{name}: {text}");
    }
}

#[test]
fn every_file_is_in_the_kustomization() {
    let text = read("kustomization.yaml");
    for entry in fs::read_dir(manifests()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_beside = ["kustomization.yaml", "README.md", ".gitignore"].contains(&&*name);
        assert!(is_beside || text.contains(&name), "{name}");
    }
    assert!(resources().iter().all(|name| manifests().join(name).is_file()));
}

#[test]
fn the_settings_are_valid_and_the_probes_ports_and_times_are_those_of_e6() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("token"), "correct-horse-battery-staple").unwrap();
    for name in ["site.toml", "relay.toml"] {
        // The places of the pod, in a directory of the test.
        let text = read(name).replace("/etc/e6/relay/token", "token");
        let text = text.replace("/etc/e6/tls/tls.", "tls.").replace(":8", "127.0.0.1:8");
        fs::write(dir.path().join("e6.toml"), text).unwrap();
        let (_, stdout, stderr) = run(dir.path(), &["limits"]);
        assert!(stderr.is_empty(), "{name}: {stderr}");
        let value = |limit: &str| -> u64 {
            let row = stdout.lines().find(|line| line.split_whitespace().next() == Some(limit)).unwrap();
            row.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let manifest = read(&name.replace(".toml", ".yaml"));
        let number = |key: &str| -> u64 {
            let (_, rest) = manifest.split_once(key).unwrap_or_else(|| panic!("no {key} in {name}"));
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
        };
        let grace = number("terminationGracePeriodSeconds: ");
        assert!(grace > number("sleep: { seconds: ") + value("drain"), "{name}: {grace}");
        for probe in [
            "readinessProbe:\n            httpGet: { path: /readyz, port: admin }",
            "livenessProbe:\n            httpGet: { path: /healthz, port: admin }",
        ] {
            assert!(manifest.contains(probe), "{name}: {probe}");
        }
        for port in read(name).lines().filter_map(|line| line.split_once("\":")?.1.strip_suffix('"')) {
            assert!(manifest.contains(&format!("containerPort: {port} ")), "{name}: {port}");
        }
        assert!(manifest.contains("readOnlyRootFilesystem: true") && manifest.contains("runAsUser: 65532"));
    }
}

/// HAProxy reads the sidecar's configuration, with a CA of this test.
#[test]
#[ignore = "needs haproxy and openssl"]
fn haproxy_accepts_the_configuration_of_the_way_to_the_relay() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.crt");
    let request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=ca",
    ];
    output(
        Command::new(tools::find("openssl"))
            .args(request)
            .arg("-keyout")
            .arg(dir.path().join("ca.key"))
            .arg("-out")
            .arg(&ca),
    );
    let text = read("to-relay.cfg").replace("/etc/relay-ca/ca.crt", ca.to_str().unwrap());
    // The name resolves only in a cluster.
    let text = text.replace("server relay relay.e6.svc:8443", "server relay 127.0.0.1:8443");
    let file = dir.path().join("haproxy.cfg");
    fs::write(&file, text).unwrap();
    output(Command::new(tools::find("haproxy")).args(["-c", "-f"]).arg(&file));
}
