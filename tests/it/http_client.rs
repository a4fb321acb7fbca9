//! The HTTP client of a shard against servers that keep the rules of HTTP, bend them, and break them.

use crate::http_rig::*;
use futures_util::future::{join_all, join3};
use posfleet::{
    driver::{Clock, HttpClient},
    http::{Body, Cookies, Failure, Method, Part, Request, Server, Tls},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::{
    net::TcpSocket,
    sync::{Barrier, Notify},
    task::spawn_local,
};
use tokio_rustls::rustls::HandshakeKind;

#[test]
fn a_connection_is_used_again_and_only_the_first_request_pays_for_it() {
    run(async {
        let (listener, server) = listen().await;
        let heard = spawn_local(async move { accept(&listener).await.echo().await });
        let client = client(&server);
        let first = get(&client, "/one?a=b").await.unwrap();
        let second = get(&client, "/two").await.unwrap();
        assert_eq!((first.status, &*first.body, &*second.body), (200, &b"/one?a=b"[..], &b"/two"[..]));
        assert_eq!(first.headers, [("content-length".to_owned(), "8".to_owned())]);
        assert!(first.timing.connect.is_some() && second.timing.connect.is_none());
        assert_eq!((first.timing.tls, second.timing.tls), (None, None));
        assert!(first.timing.connect.unwrap() + first.timing.first_byte <= first.timing.total);
        assert!(second.timing.first_byte <= second.timing.total);
        drop(client);
        assert_eq!(heard.await.unwrap(), 2, "over one connection");
    });
}

#[test]
fn a_request_says_where_it_goes_who_sends_it_and_what_is_in_it() {
    run(async {
        let (listener, server) = listen().await;
        let server = Server { prefix: "/api".to_owned(), ..server };
        let heard = spawn_local(async move {
            let mut peer = accept(&listener).await;
            let heard = peer.hear().await.unwrap();
            peer.answer("").await;
            heard
        });
        let authorization = ("Authorization".to_owned(), "Bearer 张".to_owned());
        let request = Request {
            headers: vec![authorization],
            body: Body::Json("{\"a\":1}".to_owned()),
            ..request(Method::Post, "/sessions?x=%20")
        };
        client(&server).send(&request, &mut Cookies::default()).await.unwrap();
        let heard = heard.await.unwrap();
        assert_eq!((&*heard.line, &*heard.body), ("POST /api/sessions?x=%20 HTTP/1.1", &b"{\"a\":1}"[..]));
        for line in [
            &format!("host: 127.0.0.1:{}", server.port),
            concat!("user-agent: posfleet/", env!("CARGO_PKG_VERSION")),
            "authorization: bearer 张",
            "content-type: application/json",
            "content-length: 7",
        ] {
            assert!(heard.head.contains(&format!("\r\n{line}\r\n")), "{line} in {}", heard.head);
        }
    });
}

#[test]
fn what_is_no_request_is_never_sent() {
    run(async {
        let (listener, server) = listen().await;
        let client = client(&server);
        let with = |name: &str, value: &str| Request {
            headers: vec![(name.to_owned(), value.to_owned())],
            ..request(Method::Get, "/")
        };
        let refused = [
            with("x", "a\r\nx-smuggled: 1"),
            with("x", "a\nb"),
            with("x\r\ny", "a"),
            with("", "a"),
            with("Host", "elsewhere"),
            with("content-length", "5"),
            with("transfer-encoding", "chunked"),
            request(Method::Get, ""),
            request(Method::Get, "no-slash"),
            request(Method::Get, "/a b"),
            request(Method::Get, "/a\r\nb"),
            request(Method::Get, "/a#fragment"),
            Request { server: 1, ..request(Method::Get, "/") },
        ];
        for request in refused {
            let refusal = client.send(&request, &mut Cookies::default()).await;
            assert!(matches!(refusal, Err(Failure::Unsendable(_))), "{request:?}: {refusal:?}");
        }
        let connected = futures_util::future::poll_immediate(listener.accept()).await;
        assert!(connected.is_none(), "nobody connected");
    });
}

#[test]
fn a_connection_that_was_closed_while_idle_is_replaced() {
    run(async {
        let (listener, server) = listen().await;
        let server_side = spawn_local(async move {
            let mut first = accept(&listener).await;
            first.hear().await.unwrap();
            first.answer("first").await;
            drop(first);
            accept(&listener).await.echo().await
        });
        let client = client(&server);
        get(&client, "/1").await.unwrap();
        let answer = get(&client, "/2").await.unwrap();
        assert_eq!(&*answer.body, b"/2");
        assert!(answer.timing.connect.is_some());
        drop(client);
        assert_eq!(server_side.await.unwrap(), 1);
    });
}

#[test]
fn a_kept_connection_that_closes_on_the_next_request_is_replaced_once_and_not_twice() {
    run(async {
        let (listener, server) = listen().await;
        let connections = Rc::new(Cell::new(0));
        let counted = Rc::clone(&connections);
        spawn_local(async move {
            // Every connection answers once, and closes when the next request is there; the third not even once.
            loop {
                let mut peer = accept(&listener).await;
                counted.set(counted.get() + 1);
                peer.hear().await;
                if counted.get() < 3 {
                    peer.answer("").await;
                    peer.hear().await;
                }
            }
        });
        let client = client(&server);
        get(&client, "/1").await.unwrap();
        assert_eq!(get(&client, "/2").await.unwrap().status, 200);
        assert_eq!(connections.get(), 2, "sent once more over a second one");
        let failure = get(&client, "/3").await.unwrap_err();
        assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
        assert_eq!(connections.get(), 3, "the new one closed as well, and that was that");
    });
}

#[test]
fn an_answer_that_has_begun_is_never_asked_for_again() {
    for half in ["HTTP/1.1 200", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"] {
        run(async {
            let (listener, server) = listen().await;
            let server_side = spawn_local(async move {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                peer.answer("").await;
                peer.hear().await.unwrap();
                peer.say(half).await;
                drop(peer);
                listener
            });
            let client = client(&server);
            get(&client, "/1").await.unwrap();
            let failure = get(&client, "/2").await.unwrap_err();
            assert!(matches!(failure, Failure::Broken(_)), "{failure:?}");
            let listener = server_side.await.unwrap();
            assert!(futures_util::future::poll_immediate(listener.accept()).await.is_none());
        });
    }
}

#[test]
fn what_is_no_answer_breaks_the_connection() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(300_000));
    let garbage = [
        "",
        "garbage\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12",
        &long,
    ];
    for text in garbage {
        let text = text.to_owned();
        let shown = text.get(..60.min(text.len())).unwrap().to_owned();
        let failure = run(async {
            let (listener, server) = listen().await;
            spawn_local(async move {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                use tokio::io::AsyncWriteExt;
                // A client that has seen enough closes.
                let _ = peer.stream.write_all(text.as_bytes()).await;
            });
            get(&client(&server), "/").await.unwrap_err()
        });
        assert!(matches!(failure, Failure::Broken(_)), "{shown:?}: {failure:?}");
    }
}

#[test]
fn answers_without_a_body_leave_the_connection_in_order() {
    let answers = [
        (Method::Head, "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", 200, ""),
        (Method::Delete, "HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (Method::Get, "HTTP/1.1 304 Not Modified\r\ncontent-length: 5000\r\n\r\n", 304, ""),
        (
            Method::Get,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nt: u\r\n\r\n",
            200,
            "abcd",
        ),
        (
            Method::Options,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 418 Teapot\r\ncontent-length: 1\r\n\r\nx",
            418,
            "x",
        ),
        (Method::Patch, "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", 302, ""),
    ];
    run(async {
        let (listener, server) = listen().await;
        spawn_local(async move {
            let mut peer = accept(&listener).await;
            for (_, text, ..) in answers {
                peer.hear().await.unwrap();
                peer.say(text).await;
            }
            drop(listener);
            peer.hear().await
        });
        let client = client(&server);
        for (method, text, status, body) in answers {
            let answer = client.send(&request(method, "/"), &mut Cookies::default()).await.unwrap();
            assert_eq!((answer.status, &*answer.body), (status, body.as_bytes()), "{text}");
        }
    });
}

#[test]
fn a_body_without_a_length_ends_with_its_connection() {
    run(async {
        let (listener, server) = listen().await;
        spawn_local(async move {
            for text in ["HTTP/1.0 200 OK\r\n\r\nold", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nnew"] {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                peer.say(text).await;
            }
        });
        let client = client(&server);
        assert_eq!(&*get(&client, "/").await.unwrap().body, b"old");
        let second = get(&client, "/").await.unwrap();
        assert_eq!(&*second.body, b"new");
        assert!(second.timing.connect.is_some());
    });
}

#[test]
fn a_body_that_is_too_large_is_not_kept_and_the_next_request_goes_on() {
    let full = "x".repeat(1000);
    let answers = [
        (format!("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n{full}x"), false),
        (format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX - 3), false),
        (format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n{full}\r\n1\r\nx\r\n"), false),
        (format!("HTTP/1.1 200 OK\r\n\r\n{full}x"), false),
        (format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{full}"), true),
    ];
    run(async {
        let (listener, server) = listen().await;
        let texts = answers.clone();
        spawn_local(async move {
            for (text, _) in texts {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                peer.say(&text).await;
                assert!(peer.hear().await.is_none(), "the client hangs up");
            }
        });
        let client = client(&Server { connections: 1, ..server });
        for (_, fits) in answers {
            let answer = get(&client, "/").await;
            match fits {
                true => assert_eq!(answer.unwrap().body.len(), 1000),
                false => assert_eq!(answer.unwrap_err(), Failure::TooLarge(1000)),
            }
        }
    });
}

#[test]
fn callers_queue_in_order_for_the_one_connection() {
    run(async {
        let (listener, server) = listen().await;
        let order = spawn_local(async move {
            let mut peer = accept(&listener).await;
            let mut order = Vec::new();
            while let Some(heard) = peer.hear().await {
                order.push(heard.line);
                peer.answer("").await;
            }
            order
        });
        let client = client(&Server { connections: 1, ..server });
        let targets: Vec<String> = (0..20).map(|number| format!("/{number}")).collect();
        let answers = join_all(targets.iter().map(|target| get(&client, target))).await;
        assert!(answers.iter().all(Result::is_ok));
        drop(client);
        let expected: Vec<String> = targets.iter().map(|target| format!("GET {target} HTTP/1.1")).collect();
        assert_eq!(order.await.unwrap(), expected);
    });
}

#[test]
fn there_are_never_more_connections_than_allowed() {
    run(async {
        let (listener, server) = listen().await;
        // No connection answers before all three are there, so that all three are needed.
        let (accepted, gate) = (Rc::new(Cell::new(0)), Rc::new(Barrier::new(3)));
        let counted = Rc::clone(&accepted);
        spawn_local(async move {
            loop {
                let (peer, gate) = (accept(&listener).await, Rc::clone(&gate));
                counted.set(counted.get() + 1);
                spawn_local(async move {
                    gate.wait().await;
                    peer.echo().await
                });
            }
        });
        let client = client(&Server { connections: 3, ..server });
        let answers = join_all((0..50).map(|_| get(&client, "/"))).await;
        assert!(answers.iter().all(Result::is_ok));
        assert_eq!(accepted.get(), 3);
    });
}

#[test]
fn the_wait_for_a_connection_counts() {
    run(async {
        let (listener, server) = listen().await;
        let release = Rc::new(Notify::new());
        let released = Rc::clone(&release);
        spawn_local(async move {
            let mut peer = accept(&listener).await;
            peer.hear().await.unwrap();
            released.notified().await;
            peer.answer("").await;
            peer.echo().await
        });
        let client = client(&Server { connections: 1, ..server });
        let hasty = Request { timeout: Duration::from_millis(30), ..request(Method::Get, "/hasty") };
        let hasty = async {
            let answer = client.send(&hasty, &mut Cookies::default()).await;
            release.notify_one();
            answer
        };
        let (first, hasty, patient) = join3(get(&client, "/1"), hasty, get(&client, "/2")).await;
        assert_eq!(hasty.unwrap_err(), Failure::TimedOut);
        first.unwrap();
        let patient = patient.unwrap();
        assert_eq!(&*patient.body, b"/2", "who gave up is not asked for");
        assert!(patient.timing.total >= Duration::from_millis(30));
        assert!(patient.timing.first_byte < patient.timing.total);
    });
}

#[test]
fn every_stage_can_be_too_slow() {
    let hasty = || Request { timeout: Duration::from_millis(30), ..request(Method::Get, "/") };
    // The head, and the body.
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"] {
        run(async {
            let (listener, server) = listen().await;
            let closed = spawn_local(async move {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                peer.say(begun).await;
                peer.hear().await.is_none()
            });
            let client = client(&server);
            let failure = client.send(&hasty(), &mut Cookies::default()).await.unwrap_err();
            assert_eq!(failure, Failure::TimedOut, "{begun}");
            assert!(closed.await.unwrap(), "the connection is closed, not kept");
        });
    }
    // The TLS handshake: somebody accepts and says nothing.
    run(async {
        let (listener, server) = listen().await;
        let server = Server { tls: Some(trusting(&Authority::new("servers"))), ..server };
        let failure = client(&server).send(&hasty(), &mut Cookies::default()).await.unwrap_err();
        assert_eq!(failure, Failure::TimedOut);
        drop(listener);
    });
    // The connection: the queue of those who were not accepted is full.
    run(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let _first = tokio::net::TcpStream::connect(address).await.unwrap();
        let failure = client(&server(address)).send(&hasty(), &mut Cookies::default()).await.unwrap_err();
        assert_eq!(failure, Failure::TimedOut);
    });
}

#[test]
fn nobody_there_is_said_with_the_address() {
    run(async {
        let (listener, server) = listen().await;
        drop(listener);
        let failure = get(&client(&server), "/").await.unwrap_err();
        let Failure::Connect(why) = failure else { panic!("{failure:?}") };
        assert!(why.starts_with(&format!("127.0.0.1:{}: Connection refused", server.port)), "{why}");
    });
}

#[test]
fn a_request_that_is_dropped_takes_its_connection_and_nothing_else() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123"] {
        run(async {
            let (listener, server) = listen().await;
            let heard = Rc::new(Notify::new());
            let told = Rc::clone(&heard);
            let server_side = spawn_local(async move {
                let mut peer = accept(&listener).await;
                peer.hear().await.unwrap();
                peer.say(begun).await;
                told.notify_one();
                assert!(peer.hear().await.is_none(), "the client hangs up");
                accept(&listener).await.echo().await
            });
            let client = client(&Server { connections: 1, ..server });
            tokio::select! {
                biased;
                answer = get(&client, "/1") => panic!("{answer:?}"),
                () = heard.notified() => {}
            }
            assert_eq!(&*get(&client, "/2").await.unwrap().body, b"/2");
            drop(client);
            assert_eq!(server_side.await.unwrap(), 1);
        });
    }
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    run(async {
        let (listener, server) = listen().await;
        let served = spawn_local(async move { accept(&listener).await.echo().await });
        let client = client(&Server { idle: Duration::from_millis(10), ..server });
        get(&client, "/").await.unwrap();
        assert_eq!(served.await.unwrap(), 1, "the server sees the end while the client lives");
        drop(client);
    });
}

#[test]
fn parts_arrive_as_they_were_given() {
    let image: Vec<u8> = (0..=255).chain(*b"\r\n--posfleet-\r\n").collect();
    let parts = vec![
        Part { name: "holder".to_owned(), file: None, content_type: None, content: "张三".into() },
        Part {
            name: "front".to_owned(),
            file: Some("card \"1\".png".to_owned()),
            content_type: Some("image/png".to_owned()),
            content: image.clone(),
        },
        Part { name: "empty".to_owned(), file: None, content_type: None, content: Vec::new() },
    ];
    run(async {
        let (listener, server) = listen().await;
        let heard = spawn_local(async move {
            let mut peer = accept(&listener).await;
            let heard = peer.hear().await.unwrap();
            peer.answer("").await;
            heard
        });
        let request = Request { body: Body::Multipart(parts), ..request(Method::Post, "/") };
        client(&server).send(&request, &mut Cookies::default()).await.unwrap();
        let heard = heard.await.unwrap();
        let kind = "content-type: multipart/form-data; boundary=";
        let boundary = heard.head.lines().find_map(|line| line.strip_prefix(kind)).unwrap();
        let found = split(&heard.body, boundary);
        let head = |text: &str| format!("Content-Disposition: form-data; name={text}");
        assert_eq!(
            found,
            [
                (head("\"holder\""), "张三".into()),
                (head("\"front\"; filename=\"card %221%22.png\"\r\nContent-Type: image/png"), image),
                (head("\"empty\""), Vec::new()),
            ]
        );
    });
}

/// Heads and contents of a multipart body, found the way RFC 2046 says.
fn split(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let find =
        |bytes: &[u8], text: &str| bytes.windows(text.len()).position(|window| window == text.as_bytes());
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes()).unwrap();
    let mut parts = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &format!("\r\n--{boundary}")).unwrap();
        let (part, after) = part.split_at(end);
        rest = &after[boundary.len() + 4..];
        let blank = find(part, "\r\n\r\n").unwrap();
        parts.push((String::from_utf8(part[..blank].to_vec()).unwrap(), part[blank + 4..].to_vec()));
    }
    assert_eq!(rest, b"--\r\n");
    parts
}

#[test]
fn cookies_come_back_until_they_are_taken_away() {
    run(async {
        let (listener, server) = listen().await;
        let heard = spawn_local(async move {
            let mut peer = accept(&listener).await;
            let mut heard = Vec::new();
            for fields in [
                "set-cookie: sid=1; Path=/; HttpOnly\r\nset-cookie: deep=2; Path=/deep\r\nset-cookie: s=3; Secure\r\n",
                "set-cookie: sid=; Path=/; Max-Age=0\r\n",
                "",
            ] {
                heard.push(peer.hear().await.unwrap().head);
                peer.say(&format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n")).await;
            }
            heard
        });
        let (client, mut cookies) = (client(&server), Cookies::default());
        for target in ["/", "/deep/er?x=/", "/"] {
            client.send(&request(Method::Get, target), &mut cookies).await.unwrap();
        }
        let heard = heard.await.unwrap();
        let cookie =
            |head: &str| head.lines().find_map(|line| line.strip_prefix("cookie: ").map(str::to_owned));
        let sent: Vec<Option<String>> = heard.iter().map(|head| cookie(head)).collect();
        assert_eq!(sent, [None, Some("deep=2; sid=1".to_owned()), None]);
    });
}

#[test]
fn tls_is_spoken_with_whom_we_trust_and_measured() {
    run(async {
        let authority = Authority::new("servers");
        let (listener, server) = listen().await;
        let acceptor = acceptor(&authority.sign("localhost"), None);
        spawn_local(async move { accept_tls(&listener, &acceptor).await.unwrap().echo().await });
        let tls = Tls { name: Some("localhost".to_owned()), ..trusting(&authority) };
        let client = client(&Server { tls: Some(tls), ..server });
        let first = get(&client, "/1").await.unwrap();
        assert!(first.timing.connect.is_some() && first.timing.tls.is_some());
        let second = get(&client, "/2").await.unwrap();
        assert_eq!((second.timing.connect, second.timing.tls), (None, None));
    });
}

#[test]
fn a_client_certificate_is_shown_where_it_is_wanted() {
    let [authority, clients, stranger] = ["servers", "clients", "stranger"].map(Authority::new);
    let none = "the server wants a client certificate";
    let wrong = "the server does not accept the client certificate, or wants one";
    let identities = [(Some(clients.sign("till")), ""), (None, none), (Some(stranger.sign("till")), wrong)];
    for (identity, expected) in identities {
        let answer = run(async {
            let (listener, server) = listen().await;
            let acceptor = acceptor(&authority.sign("127.0.0.1"), Some(&clients));
            spawn_local(async move {
                if let Some(peer) = accept_tls(&listener, &acceptor).await {
                    peer.echo().await;
                }
            });
            let tls = Tls { identity, ..trusting(&authority) };
            get(&client(&Server { tls: Some(tls), ..server }), "/").await
        });
        match answer {
            Ok(answer) => assert_eq!((expected, answer.status), ("", 200)),
            Err(Failure::Tls(why)) => assert!(!expected.is_empty() && why.starts_with(expected), "{why}"),
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_certificate_that_is_not_good_is_refused_with_the_reason() {
    let [authority, stranger] = ["servers", "stranger"].map(Authority::new);
    let expired =
        authority.sign_with("127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let early =
        authority.sign_with("127.0.0.1", |params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    let cases = [
        (expired, "the server's certificate has expired"),
        (early, "the server's certificate is not valid yet"),
        (
            authority.sign("portal.example"),
            "the server's certificate is for DnsName(\"portal.example\"), not for",
        ),
        (
            stranger.sign("127.0.0.1"),
            "the server's certificate is not signed by an authority that is trusted",
        ),
    ];
    for (identity, expected) in cases {
        let failure = run(async {
            let (listener, server) = listen().await;
            let acceptor = acceptor(&identity, None);
            spawn_local(async move { accept_tls(&listener, &acceptor).await });
            get(&client(&Server { tls: Some(trusting(&authority)), ..server }), "/").await.unwrap_err()
        });
        let Failure::Tls(why) = failure else { panic!("{failure:?}") };
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn a_server_without_tls_is_told_from_one_with() {
    let failure = run(async {
        let (listener, server) = listen().await;
        spawn_local(async move { accept(&listener).await.say("HTTP/1.1 400 Bad Request\r\n\r\n").await });
        get(&client(&Server { tls: Some(trusting(&Authority::new("servers"))), ..server }), "/")
            .await
            .unwrap_err()
    });
    let Failure::Tls(why) = failure else { panic!("{failure:?}") };
    assert!(why.starts_with("the server does not speak TLS on this port"), "{why}");
}

#[test]
fn sessions_are_resumed_when_that_is_wanted() {
    for resumes in [true, false] {
        let kinds = run(async {
            let authority = Authority::new("servers");
            let (listener, server) = listen().await;
            let acceptor = acceptor(&authority.sign("127.0.0.1"), None);
            let kinds = Rc::new(RefCell::new(Vec::new()));
            let seen = Rc::clone(&kinds);
            spawn_local(async move {
                loop {
                    let mut peer = accept_tls(&listener, &acceptor).await.unwrap();
                    seen.borrow_mut().push(peer.stream.get_ref().1.handshake_kind().unwrap());
                    peer.hear().await.unwrap();
                    peer.say("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
                }
            });
            let client = client(&Server { tls: Some(Tls { resumes, ..trusting(&authority) }), ..server });
            get(&client, "/").await.unwrap();
            get(&client, "/").await.unwrap();
            kinds.borrow().clone()
        });
        let second = if resumes { HandshakeKind::Resumed } else { HandshakeKind::Full };
        assert_eq!(kinds, [HandshakeKind::Full, second]);
    }
}

#[test]
fn certificates_are_read_before_the_first_request() {
    let [authority, other] = ["servers", "stranger"].map(Authority::new);
    let (certificate, key) = authority.sign("till");
    let (_, foreign_key) = other.sign("till");
    let with = |identity| Tls { identity: Some(identity), ..trusting(&authority) };
    let cases = [
        (Tls::default(), "server portal: the authorities: there is no certificate in it"),
        (
            Tls { authorities: "-----BEGIN CERTIFICATE-----\n!".to_owned(), ..Tls::default() },
            "server portal: the authorities cannot be read",
        ),
        (
            Tls { name: Some("no name".to_owned()), ..trusting(&authority) },
            "server portal: \"no name\" is neither a name nor an address",
        ),
        (with((certificate.clone(), String::new())), "server portal: the client key cannot be read"),
        (with((String::new(), key)), "server portal: the client certificate: there is no certificate in it"),
        (with((certificate, foreign_key)), "server portal: client certificate and key"),
    ];
    for (tls, expected) in cases {
        let server = Server { tls: Some(tls), ..server("127.0.0.1:1".parse().unwrap()) };
        let failure = HttpClient::new(Clock::start(), &[server]).unwrap_err();
        let Failure::Tls(why) = failure else { panic!("{failure:?}") };
        assert!(why.starts_with(expected), "{why}");
    }
}
