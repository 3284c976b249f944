#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Results to an MQTT broker: a real one that goes and comes, and peers that are none.

usage: test_mqtt.py LINE_DRIVER STMFW_STATION
"""
import itertools
import json
import os
import subprocess
import time

from line_rig import (CONNECT, PATIENCE, PUBLISH, STATION, Broker, Driver, Folder, Peer, Relay,
                      Subscriber, free_port, main, packets, program, wait_until)

ACCEPTED = bytes([0x20, 2, 0, 0])
PROMPT_MS = 1500  # on a busy machine; what blocks, blocks for longer


def settings(port, **more):
    return {"host": "127.0.0.1", "port": port, "topic": "factory", **more}


def is_prompt(driver):
    assert (lag := driver.number("lag")) < PROMPT_MS, f"the loop stood still for {lag} ms"


# ---- nothing lost, nothing twice


def test_events_arrive_in_order_under_their_topics():
    with Folder() as f:
        broker = Broker(f)
        heard = Subscriber(f, broker)
        driver = Driver(f, f.recipe(mqtt=settings(broker.port)))
        driver.passed(40)
        driver.sent()
        assert driver.quit() == 0
        heard.has(42)  # begin, 40 boards, end
        events = heard.events()
        assert heard.ids() == sorted(heard.ids()), "not in order"
        assert [t for t, _ in events] == (["factory/station/run"] + ["factory/site/A/board"] * 40 +
                                          ["factory/station/run"])
        assert [p["what"] for t, p in events if t == "factory/station/run"] == ["begin", "end"]
        assert {p["station"] for _, p in events} == {"line"}
        assert len({p["record"] for _, p in events}) == 1 and len(events[0][1]["record"]) == 32
        board = events[1][1]
        assert board["result"] == "pass" and board["steps"][0]["name"] == "run", board
        driver.no_note()


def test_a_broker_that_is_away_at_the_start_gets_all_later():
    with Folder() as f:
        port = free_port()
        driver = Driver(f, f.recipe(mqtt=settings(port)))
        driver.note("127.0.0.1", "away", "Connection refused")
        driver.passed(30)
        time.sleep(4)  # more than one further try
        assert driver.number("unsent") == 31
        driver.no_note()
        broker = Broker(f, port=port)
        heard = Subscriber(f, broker)
        heard.has(31)
        driver.note("back")
        driver.sent()
        is_prompt(driver)
        driver.no_note()
        assert driver.quit() == 0


def test_a_broker_killed_in_the_middle_again_and_again_loses_nothing():
    with Folder() as f:
        broker = Broker(f)
        heard, relay = Subscriber(f, broker), Relay(f, broker)
        driver = Driver(f, f.recipe(mqtt=settings(relay.port)))
        total = 2  # with begin and end
        for round_ in range(4):
            driver.passed(60)  # not waited for: many are in flight
            time.sleep(0.03 * round_)
            broker.kill()
            driver.passed(20)
            total += 80
            broker.start()
            wait_until(lambda: driver.number("unsent") == 0, "sent", 40)
        assert driver.quit() == 0
        confirmed = set().union(*relay.confirmed)
        assert confirmed == set(range(1, total + 1)), "never confirmed, and not sent again"
        # What the last broker has confirmed it has, too: nobody killed that one.
        wait_until(lambda: set(heard.ids()) >= relay.confirmed[-1], "what it has confirmed is heard")
        assert len(relay.confirmed[-1]) >= 20 and set(heard.ids()) <= confirmed
        is_back = [n for n in driver.notes if "back" in n]
        is_away = [n for n in driver.notes if "away" in n]
        assert len(is_away) == len(is_back) and 1 <= len(is_away) <= 4, driver.notes


def test_what_was_sent_and_not_confirmed_is_sent_again():
    with Folder() as f:
        got = []

        def mute(connection):
            for kind, content in packets(connection):
                if kind == CONNECT:
                    connection.sendall(ACCEPTED)
                elif kind == PUBLISH:
                    got.append(content)
                    if len(got) >= 6:
                        connection.close()
                        return

        peer = Peer(f, mute)
        recipe = f.recipe(mqtt=settings(peer.port))
        driver = Driver(f, recipe)
        driver.passed(5)
        driver.note("away", "closed the connection")
        assert len(got) >= 6 and driver.number("unsent") == 6
        driver.kill()  # and the station as well
        broker = Broker(f)
        heard = Subscriber(f, broker)
        driver = Driver(f, f.recipe(mqtt=settings(broker.port)))
        heard.has(7)  # with the begin of the second run
        assert heard.ids() == list(range(1, 8))
        first = [json.loads(c[c.index(b"{"):]) for c in got if b"/state/" not in c[:40]]
        assert {p["id"] for p in first} <= set(range(1, 7)), "the same ids as before"
        assert first[0]["record"] == heard.events()[0][1]["record"]
        driver.quit()


def test_a_killed_station_sends_the_rest_in_its_next_run():
    with Folder() as f:
        broker = Broker(f)
        heard = Subscriber(f, broker)
        recipe = f.recipe(mqtt=settings(broker.port))
        total = 0
        for round_ in range(6):
            driver = Driver(f, recipe)
            driver.passed(25)
            time.sleep(0.01 * round_)
            driver.kill()
            total += 26
        driver = Driver(f, recipe)
        heard.has(total + 1)
        assert driver.quit() == 0
        heard.has(total + 2)


# ---- the end of a run


def test_the_station_tells_begin_and_end_of_a_run():
    with Folder() as f:
        broker = Broker(f)
        heard = Subscriber(f, broker)
        recipe = f.recipe(mqtt=settings(broker.port), site=f"127.0.0.1:{free_port()}")
        for count in (2, 4):
            with subprocess.Popen([STATION, "run", recipe], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
                heard.has(count - 1)
                process.terminate()
                said = process.communicate(timeout=PATIENCE)[1].decode()
            assert process.returncode == 143 and "lacks" not in said, said
            heard.has(count)
        assert [p["what"] for _, p in heard.events()] == ["begin", "end"] * 2
        broker.kill()
        with subprocess.Popen([STATION, "run", recipe], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            line = b""
            while b"is away" not in line:
                line = process.stderr.readline()
                assert line, "no word of it"
            process.terminate()
            said = process.communicate(timeout=PATIENCE)[1].decode()
        assert "The MQTT broker lacks 2 messages" in said, said


def test_the_end_does_not_wait_for_a_broker_that_is_away():
    with Folder() as f:
        driver = Driver(f, f.recipe(mqtt=settings(free_port())))
        driver.passed(3)
        driver.note("away")
        began = time.monotonic()
        assert driver.quit() == 5
        assert time.monotonic() - began < 2


def test_the_end_waits_some_seconds_for_one_that_is_silent():
    with Folder() as f:
        peer = Peer(f, lambda c: c.recv(1))
        driver = Driver(f, f.recipe(mqtt=settings(peer.port)))
        began = time.monotonic()
        assert driver.quit() == 2
        assert time.monotonic() - began < 9
        driver.no_note()


def test_the_broker_keeps_whether_the_station_is_there():
    def state(broker):
        done = subprocess.run([program("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(broker.port),
                               "-t", "factory/state/#", "-C", "1", "-W", "5", "-F", "%t %p"],
                              capture_output=True, timeout=PATIENCE, check=False)
        topic, _, payload = done.stdout.decode().partition(" ")
        assert topic == "factory/state/line", (topic, payload, done.stderr)
        return json.loads(payload)

    with Folder() as f:
        broker = Broker(f)
        recipe = f.recipe(mqtt=settings(broker.port))
        driver = Driver(f, recipe)
        driver.sent()
        assert state(broker)["online"] is True and state(broker)["station"] == "line"
        driver.kill()
        wait_until(lambda: state(broker)["online"] is False, "its will is told")
        driver = Driver(f, recipe)
        wait_until(lambda: state(broker)["online"] is True, "it is back")
        driver.sent()
        driver.quit()
        wait_until(lambda: state(broker)["online"] is False, "its goodbye")


# ---- who may connect


def passwords(f, *pairs):
    path = f.path("passwords")
    open(path, "w").close()
    for user, password in pairs:
        subprocess.run([program("mosquitto_passwd"), "-b", path, user, password], check=True,
                       capture_output=True, timeout=PATIENCE)
    return path


def test_user_name_and_password_come_from_a_file():
    with Folder() as f:
        broker = Broker(f, "allow_anonymous false", f"password_file {passwords(f, ('line', 'se cret'))}")
        for version, words in (("3.1.1", "not authorized"), ("5", "not authorized")):
            f.write("credentials", "line\nwrong\n")
            recipe = f.recipe(f"line{version[0]}", mqtt=settings(
                broker.port, credentials="credentials", version=version))
            driver = Driver(f, recipe)
            driver.note("away", words)
            driver.passed(2)
            assert driver.quit() == 4
            f.write("credentials", "line\r\nse cret\r\n")  # an editor of another world
            driver = Driver(f, recipe)
            driver.sent()
            assert driver.quit() == 0
            driver.no_note()


def test_credentials_that_cannot_be_read_are_refused():
    with Folder() as f:
        f.write("credentials", "\n")
        for name, words in (("credentials", "two lines"), ("missing", "No such file")):
            driver = Driver(f, f.recipe(mqtt=settings(1, credentials=name)))
            assert driver.first.startswith("refused") and words in driver.first, driver.first


def openssl(f, *args):
    subprocess.run([program("openssl"), *args], cwd=f.name, check=True, capture_output=True,
                   timeout=60)


def certificates(f, name, subject_names):
    """An authority NAME-ca.pem, and the broker's NAME.pem and NAME.key by it."""
    f.write(f"{name}.ext", f"subjectAltName={subject_names}\n")
    openssl(f, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", f"/CN={name} authority", "-keyout", f"{name}-ca.key", "-out",
            f"{name}-ca.pem")
    openssl(f, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(f, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey",
            f"{name}-ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out",
            f"{name}.pem")
    return ("allow_anonymous true", f"certfile {f.path(name)}.pem", f"keyfile {f.path(name)}.key")


def test_tls_proves_the_broker_by_name_and_authority():
    with Folder() as f:
        good = Broker(f, *certificates(f, "good", "DNS:localhost"))
        certificates(f, "other", "DNS:localhost")
        by_address = Broker(f, *certificates(f, "address", "IP:127.0.0.1"))

        def run(broker, host, authority):
            name = f"line{next(numbers)}"
            return Driver(f, f.recipe(name, mqtt=settings(broker.port, ca_file=authority)
                                      | {"host": host}))

        numbers = itertools.count()
        for version, broker, host, authority in (
                ("3.1.1", good, "localhost", "good-ca.pem"),
                ("3.1.1", by_address, "127.0.0.1", "address-ca.pem")):
            driver = run(broker, host, authority)
            driver.passed(40)
            driver.sent()
            driver.no_note()  # localhost may be ::1 first, where nobody listens
            assert driver.quit() == 0, version
        for broker, host, authority, words in (
                (good, "127.0.0.1", "good-ca.pem", "IP address mismatch"),
                (by_address, "localhost", "address-ca.pem", "ostname mismatch"),
                (good, "localhost", "other-ca.pem", "certificate is refused")):
            driver = run(broker, host, authority)
            driver.note("away", words)
            driver.passed(1)
            assert driver.quit() == 3


def test_tls_to_one_who_does_not_speak_it_and_the_other_way_round():
    with Folder() as f:
        plain = Broker(f)
        secure = Broker(f, *certificates(f, "good", "IP:127.0.0.1"))
        driver = Driver(f, f.recipe(mqtt=settings(plain.port, ca_file="good-ca.pem")))
        driver.note("away")
        is_prompt(driver)
        assert driver.quit() == 2
        driver = Driver(f, f.recipe(mqtt=settings(secure.port)))
        assert "onnection" in driver.note("away")  # reset, or closed
        driver.quit()


def test_version_5_over_tls_survives_a_broker_that_ends():
    with Folder() as f:
        broker = Broker(f, *certificates(f, "good", "IP:127.0.0.1"))
        recipe = f.recipe(mqtt=settings(broker.port, ca_file="good-ca.pem", version="5"))
        heard = Subscriber(f, broker)
        driver = Driver(f, recipe)
        driver.passed(100)
        broker.stop()  # not killed: it has to keep what it has confirmed
        driver.passed(50)
        broker.start()
        driver.sent(40)
        assert driver.quit() == 0
        heard.has(152)


def test_an_event_that_the_broker_refuses_is_kept():
    with Folder() as f:
        rules = f.write("acl", "topic read factory/#\ntopic write factory/state/#\n"
                               "topic write factory/station/run\n")
        broker = Broker(f, "allow_anonymous true", f"acl_file {rules}")
        driver = Driver(f, f.recipe(mqtt=settings(broker.port, version="5")))
        driver.sent()
        driver.passed(3)
        driver.note("away", "not authorized")
        time.sleep(4)
        driver.no_note()
        assert driver.number("unsent") == 3
        driver.quit()


# ---- peers that are none


def test_a_peer_that_never_answers_delays_nobody():
    with Folder() as f:
        peer = Peer(f, lambda c: c.recv(1))
        driver = Driver(f, f.recipe(mqtt=settings(peer.port)))
        driver.passed(5)
        is_prompt(driver)
        driver.note("away", "does not answer", seconds=15)
        is_prompt(driver)
        assert driver.number("unsent") == 6


def test_a_name_that_nobody_knows_delays_nobody():
    with Folder() as f:
        driver = Driver(f, f.recipe(mqtt=settings(1883, host="broker.invalid")))
        driver.passed(5)
        driver.note("broker.invalid", "away", seconds=15)
        is_prompt(driver)
        assert driver.quit(PATIENCE) == 7


def test_garbage_is_no_broker():
    def babble(connection):
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + os.urandom(200))
        connection.close()

    with Folder() as f:
        driver = Driver(f, f.recipe(mqtt=settings(Peer(f, babble).port)))
        driver.note("away")
        driver.passed(2)
        time.sleep(2)
        is_prompt(driver)
        assert driver.number("unsent") == 3


def flood(first):
    def serve(connection):
        connection.recv(4096)
        connection.sendall(ACCEPTED + first)
        while True:
            connection.sendall(b"\x30\x7f\x00\x01t" + bytes(124) if not first else bytes(65536))
    return serve


def test_a_flood_is_cut_off_and_takes_no_memory():
    # Small messages that nobody subscribed to; one message of 256 MiB.
    for first in (b"", b"\x30\xff\xff\xff\x7f\x00\x01t"):
        with Folder() as f:
            driver = Driver(f, f.recipe(mqtt=settings(Peer(f, flood(first)).port)))
            before = driver.number("heap")
            driver.note("away", "nobody has asked for")
            driver.passed(2)
            time.sleep(3)  # it comes again, with the next try
            is_prompt(driver)
            after = driver.number("heap")
            assert after < before + (1 << 20), (before, after)


def test_one_that_confirms_nothing_gets_a_few_and_no_more():
    got = []

    def serve(connection):
        for kind, content in packets(connection):
            if kind == CONNECT:
                connection.sendall(ACCEPTED)
            elif kind == PUBLISH:
                got.append(content)

    with Folder() as f:
        driver = Driver(f, f.recipe(mqtt=settings(Peer(f, serve).port)))
        driver.passed(10)
        wait_until(lambda: len(got) >= 12, "the first ones")
        driver.passed(400)
        time.sleep(1)
        assert len(got) == 17, len(got)  # its state, and sixteen events
        assert driver.number("unsent") == 411
        is_prompt(driver)


def test_confirmations_of_what_was_never_sent_count_for_nothing():
    def serve(connection):
        for kind, _ in packets(connection):
            if kind == CONNECT:
                connection.sendall(ACCEPTED)
            for number in range(200, 300):
                connection.sendall(bytes([0x40, 2, 0, number & 0xff]))

    with Folder() as f:
        driver = Driver(f, f.recipe(mqtt=settings(Peer(f, serve).port)))
        driver.passed(5)
        time.sleep(1)
        assert driver.number("unsent") == 6


if __name__ == "__main__":
    main()
