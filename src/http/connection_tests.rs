use super::*;
use crate::{connection::ListenerKind, http::clients::Clients};
use std::sync::Arc;
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

fn connection() -> Rc<Connection> {
    let clients = Arc::new(Clients::new(Limits::default()));
    let permit = Clients::enter(&clients, ListenerKind::Http).unwrap();
    let connection = Connection::new(permit, &WorkerConnections::new());
    connection.ready(Protocol::Http1);
    connection
}

/// The limit that ends it and the seconds until then, if nothing more happens.
async fn end(connection: &Connection) -> (CloseReason, u64) {
    let began = Instant::now();
    loop {
        let check = connection.next_check();
        match connection.due(Instant::now()) {
            Ok(next) => {
                assert!(check <= next, "a check that comes too late");
                assert_eq!(connection.next_check(), next, "a check that was just made");
                tokio::time::sleep_until(next).await;
            }
            Err(limit) => return (limit, began.elapsed().as_secs()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_has_its_time_from_its_first_byte_and_a_connection_before_its_first_request() {
    let connection = connection();
    assert_eq!(end(&connection).await, (CloseReason::Head, 15));
    let (arrival, response) = connection.request();
    assert_eq!(arrival.number, 1);
    drop(response);
    advance(40 * SECOND).await;
    connection.heard();
    connection.next_check();
    advance(10 * SECOND).await;
    connection.heard();
    assert_eq!(end(&connection).await, (CloseReason::Head, 5), "of the first byte, not of the last");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_from_the_last_byte_of_its_last_response() {
    let connection = connection();
    advance(5 * SECOND).await;
    let (arrival, unsent) = connection.request();
    assert_eq!(arrival.waited, 5 * SECOND);
    advance(20 * SECOND).await;
    connection.heard();
    assert_eq!(end(&connection).await, (CloseReason::Request, 10), "it has not left");
    drop(unsent);
    assert_eq!(
        end(&connection).await,
        (CloseReason::Head, 15),
        "what came meanwhile could not be read before"
    );
    drop(connection.request());
    assert_eq!(end(&connection).await, (CloseReason::Idle, 60));
}

#[tokio::test(start_paused = true)]
async fn a_stream_lasts_longer_than_a_response_and_neither_longer_than_the_connection() {
    let connection = connection();
    let (_, mut stream) = connection.request();
    stream.extend_for_events();
    let (limit, after) = end(&connection).await;
    assert!(
        limit == CloseReason::Age && (3240..=3960).contains(&after) || limit == CloseReason::Request,
        "{limit:?} {after}"
    );
    drop(stream);
}

#[tokio::test(start_paused = true)]
async fn a_connection_leaves_its_worker_when_it_ends() {
    let worker = WorkerConnections::new();
    let clients = Arc::new(Clients::new(Limits::default()));
    let connection = Connection::new(Clients::enter(&clients, ListenerKind::Http).unwrap(), &worker);
    worker.set_phase(Phase::Draining);
    assert_eq!(connection.phase(), Phase::Draining);
    let response = connection.request().1;
    drop(connection);
    let ended = tokio::time::timeout(SECOND, worker.ended()).await;
    assert!(ended.is_err(), "a response is unsent");
    drop(response);
    worker.ended().await;
}
