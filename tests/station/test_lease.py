#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Serial numbers from a shared pool: a real PostgreSQL, several stations, and cuts at bad moments.

usage: test_lease.py LINE_DRIVER STMFW_STATION
"""
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import time

from line_rig import PATIENCE, STATION, Database, Driver, Folder, Peer, main, wait_until

PROMPT_MS = 1500  # on a busy machine; what blocks, blocks for longer
rng = random.Random(5432)


def serial(info, first=1, last=1000, block=10, **more):
    return {"source": "counter", "format": "ascii", "address": 0x0800f000, "prefix": "SN-",
            "digits": 6, "first": first, "last": last, "lease": info, "lease_block": block, **more}


def station(*args, env=None):
    done = subprocess.run([STATION, *args], capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def works(*args, **how):
    code, out, err = station(*args, **how)
    assert code == 0, (args, code, out, err)
    return out


def fill(recipe):
    return json.loads(works("serial", "pool", recipe, "--json").splitlines()[-1])


def number_of(text):
    assert text.startswith("SN-") and len(text) == 9, text
    return int(text[3:])


def taken(db):
    """The blocks that have been taken: (first, last, station)."""
    rows = db.sql("SELECT first, last, station FROM stmfw_serial_block WHERE station IS NOT NULL"
                  " ORDER BY first")
    return [(int(a), int(b), who) for a, b, who in (r.split("|") for r in rows.splitlines())]


def leased(f, name="line"):
    """The blocks in a station's record."""
    with sqlite3.connect(f"file:{f.path(name)}.sqlite?mode=ro", uri=True) as record:
        return record.execute("SELECT first, last FROM leases ORDER BY first").fetchall()


def table_and_records_agree(f, db, *names):
    """Each block that is taken is in the record of who took it, and in no other."""
    for name in names:
        mine = [(a, b) for a, b, who in taken(db) if who.startswith(f"{name}/")]
        assert mine == leased(f, name), (name, mine, leased(f, name))


# ---- the pool


def test_the_pool_is_made_filled_and_enlarged():
    with Folder() as f:
        db = Database(f)
        end = fill(f.recipe(serial=serial(db.info, last=95)))
        assert (end["added"], end["free"], end["taken"]) == (10, 10, 0), end
        assert db.sql("SELECT min(first), max(last), sum(last - first + 1)"
                      " FROM stmfw_serial_block WHERE pool = 'SN-'") == "1|95|95"
        assert fill(f.recipe(serial=serial(db.info, last=95)))["added"] == 0, "again adds nothing"
        assert fill(f.recipe(serial=serial(db.info, last=120)))["added"] == 3
        assert db.sql("SELECT count(*), sum(last - first + 1) FROM stmfw_serial_block") == "13|120"
        largest = 9223372036854775806
        end = fill(f.recipe(serial=serial(db.info, first=largest - 5, last=largest, digits=19)))
        assert end["added"] == 1, "at the end of all numbers"


def test_numbers_that_a_pool_lacks_are_counted_and_not_added():
    with Folder() as f:
        db = Database(f)
        assert fill(f.recipe(serial=serial(db.info, first=100, last=199)))["missing"] == 0
        db.sql("DELETE FROM stmfw_serial_block WHERE first IN (120, 130, 150)")
        recipe = f.recipe(serial=serial(db.info, first=51, last=215))
        end = fill(recipe)
        assert (end["added"], end["missing"]) == (2, 49 + 30), end
        assert db.sql("SELECT min(first), max(last), sum(last - first + 1)"
                      " FROM stmfw_serial_block") == "100|215|86"
        out = works("serial", "pool", recipe)
        assert "79 numbers of the recipe are in no block" in out and "not added" in out, out
        # Blocks that reach over the borders, that overlap, that lie elsewhere.
        db.sql("INSERT INTO stmfw_serial_block (pool, first, last) VALUES ('SN-', 40, 60),"
               " ('SN-', 50, 70), ('SN-', 1, 9), ('SN-', 300, 309), ('other', 71, 99)")
        assert fill(recipe)["missing"] == 29 + 30
        assert fill(f.recipe(serial=serial(db.info, first=300, last=309)))["missing"] == 0


def test_the_pool_that_the_documentation_makes_by_hand():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/station.md")
    with open(path, encoding="utf-8") as file:
        by_hand = re.search(r"^ *```sql\n(.*?)^ *```$", file.read(), re.M | re.S)[1]
    with Folder() as f:
        db = Database(f)
        db.sql("CREATE ROLE line3 LOGIN")
        db.sql(by_hand)
        as_line3 = db.info.replace("user=station", "user=line3")
        recipe = f.recipe(serial=serial(as_line3, last=100000, block=100))
        works("serial", "lease", recipe)
        assert [(a, b) for a, b, _ in taken(db)] == [(1, 100)], taken(db)
        same = fill(f.recipe("same", serial=serial(db.info, last=100000, block=100)))
        assert (same["added"], same["free"]) == (0, 999), same


def test_the_command_takes_blocks():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        assert "7 serial" not in works("serial", "lease", recipe)
        assert len(taken(db)) == 1, "as many as work needs"
        end = json.loads(works("serial", "lease", recipe, "--blocks", "3", "--json"))
        assert end["serials_left"] == 40 and len(taken(db)) == 4, end
        table_and_records_agree(f, db, "line")
        code, _, err = station("serial", "lease", recipe, "--blocks", "7")
        assert code == 3 and "is empty" in err and "100 are left" in err, (code, err)
        for wrong in (("serial", "lease"), ("serial", "lose", recipe),
                      ("serial", "lease", recipe, "--blocks", "0")):
            assert station(*wrong)[0] == 2, wrong


def test_commands_say_what_is_wrong():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info))
        code, _, err = station("serial", "lease", recipe)
        assert code == 3 and "stmfw_serial_block" in err and "does not exist" in err, err
        assert err.count("\n") == 1, err
        db.stop()
        code, _, err = station("serial", "pool", recipe)
        assert code == 3 and "Connection refused" in err, err
        wrong = f.recipe("wrong", serial=serial("host=x nonsense"))
        code, _, err = station("serial", "lease", wrong)
        assert code == 3 and "nonsense" in err, err
        code, _, err = station("serial", "lease", f.recipe("none", mqtt={"host": "127.0.0.1"}))
        assert code == 11 and "lease" in err, err


# ---- stations


def test_a_station_takes_the_next_block_before_the_last_number():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        driver = Driver(f, recipe)
        got = []
        for _ in range(50):
            wait_until(lambda: driver.number("left") > 0, "numbers")
            got += driver.passed(2)
        assert [number_of(s) for s in got] == list(range(1, 101)), "each once, in order"
        assert driver.passed(1) == []
        driver.note("is empty", "left here")
        driver.no_note()
        table_and_records_agree(f, db, "line")
        driver.quit()


def test_stations_that_lease_at_once_never_share_a_number():
    with Folder() as f:
        db = Database(f)
        names = [f"line{n}" for n in range(6)]
        recipes = [f.recipe(n, serial=serial(db.info, last=900, block=5)) for n in names]
        fill(recipes[0])
        drivers = [Driver(f, r) for r in recipes]
        got = []
        end = time.monotonic() + 60
        while len(got) < 900 and time.monotonic() < end:
            for driver in rng.sample(drivers, len(drivers)):
                got += driver.passed(rng.randrange(1, 9))
        numbers = sorted(number_of(s) for s in got)
        assert numbers == list(range(1, 901)), (len(numbers), len(set(numbers)))
        table_and_records_agree(f, db, *names)
        assert len({who for _, _, who in taken(db)}) == 6, "all of them took part"


def slow_down(db):
    """Each update takes a second; until then it is not committed."""
    db.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
           " 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END'")
    db.sql("CREATE TRIGGER slow BEFORE UPDATE ON stmfw_serial_block FOR EACH ROW"
           " EXECUTE FUNCTION slow()")


def test_a_block_that_another_station_is_about_to_take_is_passed_over():
    with Folder() as f:
        db = Database(f)
        recipes = [f.recipe(n, serial=serial(db.info, last=100)) for n in ("a", "b", "c")]
        fill(recipes[0])
        slow_down(db)
        at_once = [subprocess.Popen([STATION, "serial", "lease", r, "--blocks", "1"],
                                    stdout=subprocess.DEVNULL) for r in recipes]
        assert [p.wait(PATIENCE) for p in at_once] == [0, 0, 0]
        assert sorted(leased(f, "a") + leased(f, "b") + leased(f, "c")) == [
            (1, 10), (11, 20), (21, 30)]
        table_and_records_agree(f, db, "a", "b", "c")


def test_two_records_of_one_name_share_nothing():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        works("serial", "lease", recipe, "--blocks", "1")
        for end in ("", "-wal", "-shm"):  # the record is put away, and a new one begins
            if os.path.exists(path := f.path("line.sqlite") + end):
                os.rename(path, f.path("old.sqlite") + end)
        works("serial", "lease", recipe, "--blocks", "1")
        assert leased(f, "line") == [(11, 20)] and leased(f, "old") == [(1, 10)]


# ---- outages


def test_work_goes_on_while_the_database_is_away():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100, block=20))
        fill(recipe)
        driver = Driver(f, recipe)
        wait_until(lambda: driver.number("left") == 20, "a block")
        db.stop()
        got = driver.passed(15)
        driver.note("cannot be reached", "are left here")
        got += driver.passed(5)
        assert [number_of(s) for s in got] == list(range(1, 21))
        assert driver.passed(1) == [], "never a number that nobody leased"
        assert driver.number("lag") < PROMPT_MS
        driver.no_note()  # once
        db.start()
        wait_until(lambda: driver.number("left") == 20, "the next block", 40)
        driver.note("is back")
        assert [number_of(s) for s in driver.passed(1)] == [21]
        driver.quit()


def test_a_run_begins_with_the_database_away_if_numbers_are_left():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        works("serial", "lease", recipe, "--blocks", "1")
        db.stop()
        driver = Driver(f, recipe)
        assert [number_of(s) for s in driver.passed(3)] == [1, 2, 3]
        driver.quit()
        empty = f.recipe("empty", serial=serial(db.info, last=100))
        code, _, err = station("run", empty, "--once")
        assert code == 3 and "Only 0 serial numbers are left" in err and "refused" in err, (code, err)


def begins(recipe, *options):
    """The station's first event: its begin, or its end with the exit code and what it says."""
    with subprocess.Popen([STATION, "run", recipe, "--json", *options], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        first = json.loads(process.stdout.readline())
        process.terminate()
        process.communicate(timeout=PATIENCE)
    return first["event"], first.get("exit"), first.get("message")


def test_a_run_begins_with_numbers_for_all_its_boards():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=40))
        fill(recipe)
        assert begins(recipe, "--count", "35")[0] == "begin"
        assert len(taken(db)) == 4, "more than are usually taken in advance"
        event, code, message = begins(recipe, "--count", "41")
        assert (event, code) == ("end", 3) and "Only 40" in message and "needed are 41" in message
        table_and_records_agree(f, db, "line")
        # A gang, and a pool that has a number for each but one.
        small = f.recipe("small", serial=serial(db.info, last=2, block=1, prefix="G-"))
        fill(small)
        with open(small, encoding="utf-8") as file:
            text = file.read()
        site = "  - { name: A, openocd: '127.0.0.1:6666' }\n"
        gang = [site.replace("A", n).replace("127.0.0.1:6666", f"unix:{f.path(n)}") for n in "ABC"]
        f.write("small.yaml", text.replace(site, "".join(gang)))
        event, code, message = begins(small)
        assert (event, code) == ("end", 3) and "needed are 3" in message, message
        f.write("small.yaml", text.replace(site, "".join(gang[:2])))
        assert begins(small)[0] == "begin"


def test_a_stop_while_it_waits_for_the_database():
    with Folder() as f:
        peer = Peer(f, lambda connection: connection.recv(1000) and time.sleep(60))
        recipe = f.recipe(serial=serial(f"host=127.0.0.1 port={peer.port}"))
        with subprocess.Popen([STATION, "run", recipe, "--json"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: peer.connections, "it waits")
            process.send_signal(signal.SIGUSR1)
            process.terminate()
            out = process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 143, process.returncode
        end, = (json.loads(line) for line in out.splitlines())
        assert end["event"] == "end" and "no board was begun" in end["message"], end


def test_a_peer_that_never_answers_delays_nobody():
    with Folder() as f:
        peer = Peer(f, lambda c: c.recv(1) and time.sleep(60))
        driver = Driver(f, f.recipe(serial=serial(f"host=127.0.0.1 port={peer.port}")))
        driver.note("cannot be reached", "in time", seconds=15)
        assert driver.number("lag") < PROMPT_MS
        began = time.monotonic()
        time.sleep(2.5)  # the next visit is under way
        driver.quit()
        assert time.monotonic() - began < 5
        driver = Driver(f, f.recipe("garbage", serial=serial(
            f"host=127.0.0.1 port={Peer(f, lambda c: c.sendall(b'E' + bytes(5000))).port}")))
        driver.note("cannot be reached")


def test_names_of_hosts_are_resolved_beside_the_loop():
    with Folder() as f:
        db = Database(f)
        # ::1 may come first, and nobody listens there; a list goes on with the next one.
        for name, host in (("a", "localhost"), ("b", "db.invalid,localhost"), ("c", db.dir),
                           ("d", f"{db.dir}x,127.0.0.1")):
            if host == db.dir and os.geteuid() == 0:
                os.chmod(db.dir, 0o711)  # libpq looks from the outside
            recipe = f.recipe(name, serial=serial(db.info.replace("127.0.0.1", host), last=100))
            fill(recipe)
            works("serial", "lease", recipe, "--blocks", "1")
        assert len(taken(db)) == 4
        url = f.recipe("url", serial=serial(f"postgresql://station@localhost:{db.port}/postgres"))
        works("serial", "lease", url, "--blocks", "1")
        driver = Driver(f, f.recipe("e", serial=serial("host=db.invalid")))
        driver.note("cannot be reached", "db.invalid", seconds=15)
        assert driver.number("lag") < PROMPT_MS


# ---- cut off


def test_a_kill_between_table_and_record_loses_no_block():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        # The statement takes its time; meanwhile the station is stopped, then killed.
        slow_down(db)
        driver = Driver(f, recipe)
        wait_until(lambda: int(db.sql("SELECT count(*) FROM pg_stat_activity"
                                      " WHERE wait_event = 'PgSleep'")), "the update")
        driver.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: taken(db), "it is committed")
        driver.kill()
        assert leased(f) == [] and taken(db)[0][:2] == (1, 10), "the moment that was meant"
        db.sql("DROP TRIGGER slow ON stmfw_serial_block")
        driver = Driver(f, recipe)
        wait_until(lambda: driver.number("left") > 0, "its block")
        assert [number_of(s) for s in driver.passed(4)] == [1, 2, 3, 4]
        table_and_records_agree(f, db, "line")
        assert len(taken(db)) == 1


def test_kills_at_any_moment_lose_no_block_and_no_number():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=4000, block=2))
        fill(recipe)
        got = []
        for _ in range(60):
            driver = Driver(f, recipe)
            driver.process.stdin.write(b"pass 1\n" * 8)
            driver.process.stdin.flush()
            time.sleep(rng.uniform(0, 0.06))
            driver.kill()
        driver = Driver(f, recipe)
        wait_until(lambda: driver.number("left") > 0, "numbers")
        driver.passed(3)
        wait_until(lambda: driver.number("left") > 2, "numbers")
        driver.quit()
        table_and_records_agree(f, db, "line")
        with sqlite3.connect(f"file:{f.path('line')}.sqlite?mode=ro", uri=True) as record:
            got = [n for n, in record.execute("SELECT number FROM serials ORDER BY number")]
        assert got == list(range(1, len(got) + 1)) and len(got) > 20, "gapless"


def test_a_lost_answer_to_the_update_is_found_again():
    def relay(connection):
        """To the database and back; but what comes after the UPDATE is kept back."""
        with socket.create_connection(("127.0.0.1", db.port), PATIENCE) as other:
            other.settimeout(0.02)
            connection.settimeout(0.02)
            cut = False
            while True:
                for source, target in ((connection, other), (other, connection)):
                    try:
                        data = source.recv(65536)
                    except TimeoutError:
                        continue
                    if not data:
                        connection.close()
                        return
                    if source is connection and b"UPDATE" in data:
                        cut = cuts.pop() if cuts else False
                    if cut and source is other:
                        connection.close()
                        return
                    target.sendall(data)

    cuts = [True, True]
    with Folder() as f:
        db = Database(f)
        info = f"host=127.0.0.1 port={Peer(f, relay).port} user=station dbname=postgres"
        fill(f.recipe("fill", serial=serial(db.info, last=100)))
        driver = Driver(f, f.recipe(serial=serial(info, last=100)))
        driver.note("cannot be reached", "onnection")
        wait_until(lambda: driver.number("left") > 0, "its block", 30)
        assert [number_of(s) for s in driver.passed(2)] == [1, 2]
        table_and_records_agree(f, db, "line")
        driver.quit()


# ---- a table that was tampered with


def test_blocks_that_cannot_be_are_refused():
    with Folder() as f:
        db = Database(f)
        recipe = f.recipe(serial=serial(db.info, last=100))
        fill(recipe)
        works("serial", "lease", recipe, "--blocks", "1")
        db.sql("UPDATE stmfw_serial_block SET last = 35 WHERE first = 21")
        db.sql("INSERT INTO stmfw_serial_block VALUES ('SN-', 5, 14)")
        code, _, err = station("serial", "lease", recipe, "--blocks", "1")
        assert code == 3 and "has it already" in err, (code, err)
        assert leased(f) == [(1, 10)]


if __name__ == "__main__":
    main()
