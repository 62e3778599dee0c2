//! The self-signed certificate for this machine, made on first start and kept.

use crate::{
    bounded_file::{self, SMALL},
    tls::{
        certificate::{Certificate, SelfSignedPem, replace},
        files::CertificateFiles,
        owner::NAP,
        resolver::{CertificateOrigin, CertificateWriter},
    },
};
use std::{error::Error, fs, io, path::Path};
use time::{Duration, OffsetDateTime};

/// The longest validity that Apple's clients accept from a private issuer.
const LASTS: Duration = Duration::days(825);
/// A certificate is renewed this long before its end.
const RENEWAL: Duration = Duration::days(30);
/// The validity of a certificate that is for this run only.
const RUN: Duration = Duration::days(90);

/// The certificate in this directory, made there if it is missing or near its end. An unusable pair is left alone.
/// Then, or if the directory is not writable, the new certificate is not kept and the second value says why.
///
/// # Errors
/// Only when no key can be made at all.
pub(crate) fn kept(
    dir: &Path,
    names: &[String],
) -> Result<(Certificate, Option<String>), Box<dyn Error + Send + Sync>> {
    let names = with_localhost(names);
    let trouble = match read(&files(dir)) {
        Ok(found) => match names.iter().find(|name| !found.covers(name)) {
            None if OffsetDateTime::now_utc() < found.not_after - RENEWAL => return Ok((found, None)),
            None => None,
            Some(name) => Some(format!("the kept certificate is not for {name}")),
        },
        Err(error) if is_missing(&*error) => None,
        Err(error) => Some(format!("cannot use the kept certificate: {error}")),
    };
    if let Some(trouble) = trouble {
        let trouble =
            format!("{trouble}; serving one made for this run, mend or remove cert.pem and key.pem");
        return Ok((for_this_run(&names)?, Some(trouble)));
    }
    let fresh = SelfSignedPem::fresh(&names, LASTS)?;
    let unkept = write(dir, &fresh).err().map(|error| {
        format!("cannot keep the new certificate: {error}; browsers will ask again after a restart")
    });
    Ok((fresh.certificate()?, unkept))
}

pub(crate) fn present(dir: &Path) -> Result<Option<Certificate>, String> {
    match read(&files(dir)) {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_missing(&*error) => Ok(None),
        Err(error) => Err(format!("cannot use the kept certificate: {error}")),
    }
}

/// A certificate that is not kept. It is better than no handshake at all.
pub(crate) fn for_this_run(names: &[String]) -> Result<Certificate, Box<dyn Error + Send + Sync>> {
    SelfSignedPem::fresh(&with_localhost(names), RUN)?.certificate()
}

/// Renews the certificate in service if it is self-signed and near its end: in this directory, or for this run only.
/// Returns the time until the next look.
pub(crate) fn renew(
    dir: Option<&Path>,
    names: &[String],
    serving: &CertificateWriter,
) -> std::time::Duration {
    let left = serving.status().not_after - RENEWAL - OffsetDateTime::now_utc();
    if left.is_positive() {
        return NAP.min(left.unsigned_abs());
    }
    if serving.status().origin == CertificateOrigin::SelfSigned {
        renew_now(dir, names, serving);
    }
    NAP
}

fn renew_now(dir: Option<&Path>, names: &[String], serving: &CertificateWriter) {
    let renewed = match dir {
        Some(dir) => kept(dir, names),
        None => for_this_run(names).map(|certificate| (certificate, None)),
    };
    match renewed {
        Ok((certificate, trouble)) => {
            serving.serve(certificate, CertificateOrigin::SelfSigned, None);
            if dir.is_some() {
                serving.trouble(trouble);
            }
        }
        Err(error) => tracing::error!(%error, "cannot renew the self-signed certificate"),
    }
}

fn with_localhost(names: &[String]) -> Vec<String> {
    names.iter().cloned().chain(["localhost", "127.0.0.1", "::1"].map(String::from)).collect()
}

fn files(dir: &Path) -> CertificateFiles {
    CertificateFiles { cert: dir.join("cert.pem"), key: dir.join("key.pem") }
}

fn read(files: &CertificateFiles) -> Result<Certificate, Box<dyn Error + Send + Sync>> {
    Certificate::from_pem(&bounded_file::read(&files.cert, SMALL)?, &bounded_file::read(&files.key, SMALL)?)
}

fn write(dir: &Path, pair: &SelfSignedPem) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let files = files(dir);
    replace(&files.key, pair.key.as_bytes(), 0o600)?;
    replace(&files.cert, pair.chain.as_bytes(), 0o644)
}

fn is_missing(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_first_start_makes_a_certificate_and_the_second_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        let (first, trouble) = kept(dir.path(), &[]).unwrap();
        assert_eq!(
            (first.names.as_slice(), trouble),
            (["localhost", "127.0.0.1", "::1"].map(String::from).as_slice(), None)
        );
        let (second, trouble) = kept(dir.path(), &[]).unwrap();
        assert_eq!((second.key.cert.clone(), trouble), (first.key.cert.clone(), None));
        let mode = fs::metadata(dir.path().join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_pair_that_cannot_be_used_is_left_alone_and_not_served() {
        let dir = tempfile::tempdir().unwrap();
        kept(dir.path(), &[]).unwrap();
        let strangers = SelfSignedPem::fresh(&["localhost".into()], LASTS).unwrap();
        fs::write(dir.path().join("key.pem"), &strangers.key).unwrap();
        let (_, trouble) = kept(dir.path(), &[]).unwrap();
        assert!(trouble.unwrap().contains("the key belongs to another certificate"));
        assert_eq!(fs::read_to_string(dir.path().join("key.pem")).unwrap(), strangers.key);
    }

    #[test]
    fn one_that_is_not_for_the_domain_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (first, _) = kept(dir.path(), &[]).unwrap();
        let (other, trouble) = kept(dir.path(), &["example.org".into()]).unwrap();
        assert!(other.covers("example.org") && trouble.unwrap().contains("is not for example.org"));
        assert_eq!(kept(dir.path(), &[]).unwrap().0.key.cert, first.key.cert);
    }

    #[test]
    fn one_that_nears_its_end_is_renewed_while_it_is_served() {
        for keeps in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let kept_in = keeps.then_some(dir.path());
            let lasting = |lasts| {
                let pair = SelfSignedPem::fresh(&with_localhost(&[]), lasts).unwrap();
                write(dir.path(), &pair).unwrap();
                CertificateWriter::of_a_test(pair.certificate().unwrap(), CertificateOrigin::SelfSigned)
            };
            // It is valid from a day ago.
            let serving = lasting(RENEWAL + Duration::DAY + Duration::seconds(9));
            let end = serving.status().not_after;
            let wait = renew(kept_in, &[], &serving);
            assert!(wait <= std::time::Duration::from_secs(9), "{wait:?}: no longer than until it is due");
            assert_eq!(serving.status().not_after, end);

            let serving = lasting(RENEWAL + Duration::DAY - Duration::seconds(1));
            let end = serving.status().not_after;
            assert_eq!(renew(kept_in, &[], &serving), NAP);
            assert!(serving.status().not_after > end + Duration::days(30));
            let written = present(dir.path()).unwrap().unwrap().not_after;
            assert_eq!(written > end, keeps, "in the directory too, where there is one");
        }
    }

    #[test]
    fn an_old_one_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let names = with_localhost(&[]);
        write(dir.path(), &SelfSignedPem::fresh(&names, Duration::days(20)).unwrap()).unwrap();
        let (fresh, trouble) = kept(dir.path(), &[]).unwrap();
        assert_eq!(trouble, None);
        assert!(fresh.not_after > OffsetDateTime::now_utc() + Duration::days(800));
    }
}
