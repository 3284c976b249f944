#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The status page's server, under hall_driver: who gets what, and who cannot disturb whom.

usage: test_hall.py DRIVER
"""
import concurrent.futures
import json
import os
import random
import socket
import subprocess
import threading

from station_driver import PATIENCE, PROGRAM, Driver, main, wait_until

CONNECTIONS, READERS = 64, 32  # hall_inner.h
SECURITY = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin"}
rng = random.Random(80)


def read_all(connection):
    data = b""
    try:
        while got := connection.recv(65536):
            data += got
    except ConnectionResetError:
        pass
    return data


def raw(driver, request):
    """What comes back for these bytes, until the other end closes or our side has sent all."""
    with driver.connect() as s:
        try:
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused before the end of it
        return read_all(s)


def settle(driver, descriptors):
    """Connections that we have closed are noticed with the next change."""
    def gone():
        driver.do("note look")
        return driver.heap()[1] <= descriptors
    wait_until(gone, f"only {descriptors} descriptors", 8)  # sooner than any of its timeouts ends


# ---- requests


def test_the_page_comes_whole_and_may_load_nothing_else():
    with Driver() as d:
        answer = d.ask("/")
        assert answer.status == 200 and answer.content.startswith(b"<!doctype html>"), answer.status
        assert answer.content.endswith(b"</html>\n")
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        for name, value in SECURITY.items():
            assert answer.headers[name] == value, (name, answer.headers[name])
        policy = answer.headers["Content-Security-Policy"]
        for words in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'",
                      "base-uri 'none'", "form-action 'none'", "script-src 'sha256-",
                      "style-src 'sha256-"):
            assert words in policy, policy
        assert "unsafe" not in policy and "http" not in policy
        page = answer.content.decode()
        for word in ("src=", "@import", "url(http", "innerHTML", "insertAdjacent", "document.write"):
            assert word not in page, word
        assert page.count("http") == page.count("http://www.w3.org/2000/svg"), "names another server"
        d.quit()


def test_head_is_get_without_the_content():
    with Driver() as d:
        for path in ("/", "/status.json", "/events", "/nothing"):
            got = d.ask(path) if path != "/events" else None
            head = d.ask(path, "HEAD")
            assert head.content == b"" and head.status == (404 if path == "/nothing" else 200)
            if got:
                assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert d.ask("/events", "HEAD").headers["Content-Type"] == "text/event-stream"
        d.quit()


def test_nothing_but_get_and_head_is_taken():
    with Driver() as d:
        before = d.status()["sites"]
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"):
            for path in ("/", "/status.json", "/events", "/nothing"):
                answer = d.ask(path, method, b"state 0 PASSED" if method in ("POST", "PUT") else None)
                assert answer.status == 405, (method, path, answer.status)
                assert answer.headers["Allow"] == "GET, HEAD"
        answer = raw(d, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
                     + bytes(100000))
        assert b" 405 " in answer.split(b"\r\n")[0] or answer == b"", answer[:80]
        assert d.status()["sites"] == before
        d.quit()


def test_there_are_three_paths_and_no_files():
    with Driver() as d:
        for path in ("/x", "//", "/index.html", "/hall.html", "/status.json/", "/Status.json",
                     "/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                     "/status.json%00", "/events/../status.json", "/" + "a" * 4000):
            answer = d.ask(path)
            assert answer.status == 404, (path, answer.status)
            assert b"root:" not in answer.content
        assert d.ask("/?a=b").status == 200
        for target in (b"../../etc/passwd", b"http://127.0.0.1/../etc/passwd", b"*"):
            answer = raw(d, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 404 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0], answer
        d.quit()


def test_another_name_for_this_machine_is_refused():
    with Driver() as d:
        for host in (f"evil.example:{d.port}", "evil.example", "localhost.evil.example",
                     "127.0.0.1.evil.example", "evil.example:localhost", "[::1].evil.example",
                     "127.0.0.2", "x", ""):
            for path in ("/", "/status.json", "/events", "/nothing"):
                assert d.ask(path, Host=host).status == 403, (host, path)
        for host in ("localhost", "LOCALHOST:9", f"localhost:{d.port}", "127.0.0.1",
                     f"[::1]:{d.port}"):
            assert d.ask("/status.json", Host=host).status == 200, host
        # Browsers always name a host; what does not has to say whom it means, too.
        assert b" 403 " in raw(d, b"GET / HTTP/1.0\r\n\r\n").split(b"\r\n")[0]
        assert b" 400 " in raw(d, b"GET / HTTP/1.1\r\n\r\n").split(b"\r\n")[0]
        d.quit()


def test_the_address_that_it_is_served_at_is_answered():
    with Driver("127.0.0.2:0") as d:
        assert d.host == "127.0.0.2", d.said
        for host, status in ((f"127.0.0.2:{d.port}", 200), ("127.0.0.2", 200), ("localhost", 200),
                             ("127.0.0.3", 403), ("127.0.0.22", 403), ("evil.example", 403)):
            answer = raw(d, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert answer.startswith(b"HTTP/1.1 %d " % status), (host, answer[:80])
        d.quit()


def test_garbage_gets_no_further():
    with Driver() as d:
        _, descriptors = d.heap()
        pieces = [b"GET", b" /", b" HTTP/1.1", b"\r\n", b"\n", b"Host: localhost", b"\0", b"\xff\xfe",
                  b"Content-Length: -1", b"Transfer-Encoding: chunked", b": ", b"GET / HTTP/9.9",
                  b"\r\n\r\n", b"A" * 70000, b"Content-Length: 99999999999999999999", b"%", b"\t"]
        garbage = [b"".join(rng.choice(pieces) for _ in range(rng.randrange(1, 14)))
                   for _ in range(100)]
        garbage += [rng.randbytes(rng.randrange(1, 3000)) for _ in range(40)]
        garbage += [bytes.fromhex("16030100c8010000c40303") + rng.randbytes(200),  # TLS
                    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"G", b""]
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS - 8) as pool:
            answers = list(pool.map(lambda g: raw(d, g), garbage))
        for answer in answers:  # refused, or the connection ends
            assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 505"))
        settle(d, descriptors)
        assert d.ask("/").status == 200
        d.quit()


# ---- what is told


def test_status_has_all_there_is():
    with Driver(sites=3, name="Linie ä") as d:
        d.do("state 0 EMPTY", "board 1 0123456789abcdef01234567 SN-7", "step 1 flash",
             "progress 1 3000 4000", "because 2 flash: no answer", "end 2 fail", "note look here")
        s = d.status()
        station = s["station"]
        assert station["station"] == "Linie ä" and station["recipe"] == "boards/gadget.yaml"
        assert station["state"] == "RUNNING" and station["sites"] == 3 == len(s["sites"])
        assert (station["passed"], station["failed"], station["wanted"]) == (0, 1, 500)
        assert station["serials_left"] == 4711 and station["note"] == "look here"
        empty, working, failed = s["sites"]
        assert empty["state"] == "EMPTY" and empty["words"] == "waiting for a board"
        assert working["state"] == "WORKING" and working["uid"] == "0123456789abcdef01234567"
        assert (working["step"], working["phase"], working["serial"]) == ("flash", "write", "SN-7")
        assert (working["done"], working["total"], working["rate"]) == (3000, 4000, 31 << 10)
        assert failed["state"] == "FAILED" and failed["words"] == "FAIL" and failed["failed"] == 1
        assert failed["reason"] == "flash: no answer" and "cable" in failed["advice"]
        assert failed["elapsed_ms"] == 8400
        assert [f["reason"] for f in s["failures"]] == ["flash: no answer"]
        assert s["yield"] == {"slot_minutes": 1, "passed": [0], "failed": [1]}
        d.do("board 2 aa SN-8", "stopping")
        s = d.status()
        assert s["sites"][2]["reason"] == "" and s["station"]["state"] == "STOPPING"
        assert len(s["failures"]) == 1
        d.quit()


def test_the_number_of_a_failed_board_is_the_next_ones():
    with Driver(sites=2) as d, d.watch() as w:
        d.do("board 0 aa SN-8", "board 1 bb SN-9", "end 0 fail", "end 1 pass")
        for state in ("FAILED", "LOCKED", "DOWN", "STOPPED"):
            d.do(f"state 0 {state}", f"state 1 {'PASSED' if state == 'FAILED' else state}")
            failed, passed = d.status()["sites"]
            assert (failed["state"], failed["uid"], failed["serial"]) == (state, "aa", ""), failed
            assert passed["serial"] == ("" if state == "LOCKED" else "SN-9"), passed
            w.site(0, state=state, uid="aa", serial="")
        d.do("board 0 aa SN-8")
        w.site(0, state="WORKING", serial="SN-8")
        d.quit()


def test_each_change_is_told_to_all_who_watch():
    with Driver(sites=4) as d, d.watch() as one, d.watch() as two:
        for w in (one, two):
            w.until(lambda w: len(w.sites) == 4 and len(w.parts) == 3, "all of it at first")
            assert w.answer.headers["Content-Type"] == "text/event-stream"
            assert w.answer.headers["Cache-Control"] == "no-store"
        for step in range(12):
            index = step % 4
            for command, wanted in (
                    (f"state {index} EMPTY", {"state": "EMPTY"}),
                    (f"board {index} uid{step} SN-{step}", {"state": "WORKING", "uid": f"uid{step}"}),
                    (f"step {index} flash", {"step": "flash"}),
                    (f"progress {index} {step + 1} 99", {"done": step + 1, "phase": "write"}),
                    (f"end {index} pass", {"state": "PASSED", "elapsed_ms": 8400})):
                d.do(command)
                for w in (one, two):
                    w.site(index, **wanted)
            for w in (one, two):
                w.until(lambda w: w.parts["station"]["passed"] == step + 1, "the count")
                w.until(lambda w: sum(w.parts["yield"]["passed"]) == step + 1, "the plot")
        d.do("because 3 broken", "end 3 fail")
        for w in (one, two):
            w.until(lambda w: [f["reason"] for f in w.parts["failures"]] == ["broken"], "the failure")
        d.quit()


def test_only_what_has_changed_is_told():
    with Driver(sites=16) as d, d.watch() as w:
        w.until(lambda w: len(w.sites) == 16 and len(w.parts) == 3, "all of it")
        before = w.count
        d.do("state 5 EMPTY")
        w.site(5, state="EMPTY")
        assert w.count - before <= 4, w.count - before  # the site, the station; at most a beat
        d.quit()


def test_what_changes_too_fast_ends_in_what_is_true():
    with Driver(sites=2) as d, d.watch() as w:
        d.flood(200000)
        d.flooded()
        done = d.status()["sites"][0]["done"]
        assert done == 200000
        w.site(0, done=done)
        assert w.count < 40000, w.count
        d.quit()


def test_text_from_outside_stays_text():
    evil = [b'</script><script>alert(1)</script>', b'"\\" data: x', b"\x01\x1b[31m\x7f",
            b"\xff\xfe\x80 no UTF-8", "ä\u2028\u2029\u202e".encode(), b"&lt;b&gt;", b"x" * 580]
    with Driver(sites=1) as d, d.watch() as w:
        for reason in evil:
            d.send(b"because 0 " + reason + b"\n")
            assert d.line() == "ok"
            d.do("end 0 fail")
            told = d.status()["failures"][0]["reason"]
            try:
                assert told == reason.decode(), told
            except UnicodeDecodeError:
                assert told == "\\xff\\xfe\\x80 no UTF-8", told
            w.site(0, reason=told)
        d.quit()


# ---- what is remembered


def test_boards_per_minute_since_the_start_in_bounded_room():
    with Driver(sites=1) as d:
        for minute in range(5):
            d.do(*["end 0 pass"] * minute, "end 0 known")
            d.do(*["end 0 fail"] * (minute == 3), "minutes 1")
        d.do("end 0 pass")
        assert d.status()["yield"] == {"slot_minutes": 1, "passed": [0, 1, 2, 3, 4, 1],
                                       "failed": [0, 0, 0, 1, 0, 0]}
        for minutes, slot in ((474, 1), (1, 2), (480, 4), (100000, 256)):
            d.do(f"minutes {minutes}", "end 0 pass")
            y = d.status()["yield"]
            assert y["slot_minutes"] == slot, (minutes, y["slot_minutes"])
            assert len(y["passed"]) == len(y["failed"]) <= 480
            assert y["passed"][-1] == 1
        assert sum(y["passed"]) == 15 and sum(y["failed"]) == 1
        d.quit()


def test_memory_is_flat_whatever_happens():
    with Driver(sites=8) as d, d.watch() as w:
        def boards(count):
            for n in range(count):
                d.do(f"board {n % 8} uid{n} {n}", f"because {n % 8} reason {n} {'x' * 300}",
                     f"end {n % 8} {'fail' if n % 3 else 'pass'}", f"note board {n}", "minutes 1")
            w.until(lambda w: w.parts.get("station", {}).get("note") == f"board {count - 1}", count)
            assert d.ask("/status.json").status == d.ask("/").status == 200
        boards(600)
        assert len(d.status()["failures"]) == 6
        assert d.status()["failures"][0]["reason"].startswith("reason 599 ")
        heap, descriptors = d.heap()
        boards(1500)
        settle(d, descriptors)
        wait_until(lambda: d.heap()[0] < heap + 8192, f"there is no more than {heap} bytes")
        d.quit()


# ---- many, slow, dead


def test_a_reader_that_does_not_read_holds_up_nobody_and_is_dropped():
    with Driver(sites=8) as d:
        heap, descriptors = d.heap()
        stuck = [d.connect(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", room=2048)
                 for _ in range(8)]
        with d.watch() as w:
            wait_until(lambda: d.heap()[1] == descriptors + 9, "all are connected")
            d.flood(400000)
            d.flooded()  # all of the station's events, while eight are stuck
            w.site(0, done=400000)
            now, open_now = d.heap()
            assert open_now >= descriptors + 8, "they were to be stuck, not gone"
            assert now < heap + 9 * 64 * 1024, (heap, now)
            wait_until(lambda: d.heap()[1] == descriptors + 1, "the stuck ones are dropped", 60)
            d.do("state 1 EMPTY")
            w.site(1, state="EMPTY")
        for s in stuck:
            s.close()
        d.quit()


def test_those_who_ask_nothing_do_not_keep_two_hundred_others_out():
    with Driver() as d:
        _, descriptors = d.heap()
        idle = [d.connect() for _ in range(CONNECTIONS)]
        wait_until(lambda: d.heap()[1] == descriptors + CONNECTIONS, "as many as are allowed")

        def ask(_):
            with d.connect(b"GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n") as s:
                return read_all(s)
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            answers = pool.map(ask, range(200))
            for n in range(100):  # and the station goes on
                d.do("state 0 EMPTY", f"note {n}")
                assert d.heap()[1] <= descriptors + CONNECTIONS
            for answer in answers:
                assert b" 200 " in answer.split(b"\r\n")[0], answer[:80]
                assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["sites"][0]["name"] == "site-1"
        for s in idle:
            s.close()
        settle(d, descriptors)
        d.quit()


def test_watchers_are_limited_and_leave_room_for_questions():
    with Driver(sites=1) as d:
        heap, descriptors = d.heap()
        for _ in range(3):
            watching = [d.watch() for _ in range(READERS)]
            refused = d.ask("/events")
            assert refused.status == 503 and refused.headers["Retry-After"] == "5"
            assert d.ask("/status.json").status == 200
            d.do("state 0 EMPTY", "state 0 PAUSED")
            for w in watching:
                w.site(0, state="PAUSED")
                w.close()
            settle(d, descriptors)
        assert d.heap()[0] < heap + 32768, (heap, d.heap())
        d.quit()


def test_those_who_come_and_go_in_the_middle_leave_nothing():
    with Driver(sites=8) as d:
        heap, descriptors = d.heap()
        stop = threading.Event()

        def rush():
            local = random.Random(threading.get_ident())
            while not stop.is_set():
                try:
                    with d.connect(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n") as s:
                        s.recv(local.choice((1, 100, 5000)))
                except OSError:
                    pass
        threads = [threading.Thread(target=rush) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            for _ in range(5):
                d.flood(40000)
                d.flooded()
        finally:
            stop.set()
            for t in threads:
                t.join()
        settle(d, descriptors)
        assert d.heap()[0] < heap + 32768, (heap, d.heap())
        d.quit()


# ---- where, and the end


def test_addresses_and_what_is_wrong_with_them():
    def refused(address):
        with Driver(address) as d:
            assert d.process.wait(PATIENCE) == 2, d.process.returncode
            return d.said
    with Driver("0") as d:  # a port alone
        assert d.host == "127.0.0.1" and "warning" not in d.said, d.said
        assert "port is taken" in (said := refused(f"127.0.0.1:{d.port}")), said
        assert str(d.port) in said
        assert d.ask().status == 200
        d.quit()
    for address in ("localhost:0", ":0", "127.0.0.3:0"):
        with Driver(address) as d:
            assert d.port and "warning" not in d.said, d.said
    assert "no such address" in (said := refused("192.0.2.77:0")), said
    for words in ("", "here", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "[::1:80",
                  "::1:80", "[]:80", "1.2.3:80", "example.com:80", "127.0.0.1:80x", "x" * 300,
                  "127.0.0.1:-1", "[127.0.0.1]"):
        said = refused(words)
        assert "is no address" in said and "127.0.0.1:8080" in said, (words, said)
    if os.geteuid() != 0:
        assert "not permitted" in (said := refused("127.0.0.1:1")), said


def test_other_machines_only_if_told_and_with_a_warning():
    with Driver("0.0.0.0:0") as d:
        assert "warning" in d.said and "\n" not in d.said, d.said
        assert d.ask("/status.json", Host="line4.factory.example").status == 200
        assert d.ask("/", "POST", Host="line4.factory.example").status == 405
        d.quit()


def test_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        return  # this machine has none
    with Driver("[::1]:0") as d:
        assert f"http://[::1]:{d.port}/" in d.said, d.said
        with socket.create_connection(("::1", d.port), PATIENCE) as s:
            s.sendall(f"GET / HTTP/1.1\r\nHost: [::1]:{d.port}\r\n\r\n".encode())
            assert read_all(s).startswith(b"HTTP/1.1 200 ")
        d.quit()


def test_the_end_is_told_and_leaves_nothing():
    with Driver() as d:
        others = [d.connect(), d.connect(b"GET / HT"), d.connect(b"GET /events HTTP/1.1\r\n"),
                  d.connect(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", room=2048),
                  d.connect(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")]
        d.flood(200000)
        d.flooded()
        with d.watch() as w:
            w.until(lambda w: len(w.sites) == 4, "all of it")
            d.quit()
            w.until(lambda w: w.parts["station"]["state"] == "ENDED", "the end")
            while w.next():
                pass
        for s in others:
            s.close()


def test_the_end_without_anybody():
    for _ in range(3):
        with Driver() as d:
            d.quit()
    result = subprocess.run([PROGRAM, "127.0.0.1:0", "1"], input=b"", check=False,
                            stdout=subprocess.PIPE, timeout=PATIENCE)
    assert result.returncode == 0 and result.stdout.endswith(b"closed\n"), result


main()
