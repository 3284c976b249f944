#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The status page as a browser shows it. Needs Debian's chromium and chromium-driver.

usage: test_hall_page.py DRIVER [NOTHING NOTHING TEST...]
With SCREENSHOTS=FOLDER in the environment: pictures to look at.
"""
import os
import sys

from browser import Browser, is_installed
from station_driver import Driver, main, wait_until

UID = "0123456789abcdef01234567"
WORDS = {"STARTING": "STARTING", "DOWN": "DOWN", "EMPTY": "EMPTY", "WORKING": "WORKING",
         "PASSED": "PASS", "FAILED": "FAIL", "KNOWN": "KNOWN", "LOCKED": "LOCKED",
         "PAUSED": "PAUSED", "STOPPED": "STOPPED"}
# Is there anything in the page that is cut off, or reaches out of its box?
OUTSIDE = """
const out = [];
for (const e of document.querySelectorAll(".word, .name, .count b, h1, #clock, #link, #plot text")) {
	const box = (e.closest(".inner, .count, #plot") || document.documentElement).getBoundingClientRect();
	const r = e.getBoundingClientRect();
	if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline" && e.clientWidth ||
	    r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1)
		out.push(`${e.className.baseVal ?? e.className} ${e.textContent}`);
}
for (const e of document.querySelectorAll(".text > *")) {
	const box = e.parentElement.getBoundingClientRect(), r = e.getBoundingClientRect();
	if (e.className !== "advice" && (r.top < box.top - 1 || r.bottom > box.bottom + 1))
		out.push(`${e.className} ${e.textContent}`);
}
return out;
"""
# The least contrast of the words against what is behind them (WCAG).
CONTRAST = """
const parse = (c) => c.match(/[\\d.]+/g).map(Number);
const light = (c) => {
	const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
	return .2126 * r + .7152 * g + .0722 * b;
};
const behind = (e) => {
	for (; e; e = e.parentElement) {
		const c = parse(getComputedStyle(e).backgroundColor);
		if (c.length < 4 || c[3] === 1)
			return c;
	}
};
const ratios = [];
for (const e of document.querySelectorAll(".word, .name, .tally, .text > div, .board span, .count b, #facts, #fails li, #recipe")) {
	if (!e.textContent)
		continue;
	const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
	ratios.push([(a + .05) / (b + .05), `${e.className} ${e.textContent}`]);
}
return ratios.sort((x, y) => x[0] - y[0])[0];
"""


def show_all_states(driver):
    """Ten sites, each in another state."""
    for index, state in enumerate(WORDS):
        if state == "WORKING":
            driver.do(f"board {index} {UID} SN-00{index}", f"step {index} flash",
                      f"progress {index} 41000 65536")
        elif state in ("PASSED", "FAILED", "KNOWN"):
            how = {"PASSED": "pass", "FAILED": "fail", "KNOWN": "known"}[state]
            driver.do(f"board {index} {UID} SN-00{index}",
                      f"because {index} flash: sector 12 could not be proven: 3 bytes differ at "
                      "0x08003004", f"end {index} {how}")
        else:
            driver.do(f"because {index} no probe with serial 066BFF", f"state {index} {state}")


def picture(browser, name):
    if folder := os.environ.get("SCREENSHOTS"):
        browser.screenshot(os.path.join(folder, f"{name}.png"))


def until_shown(browser, selector, wanted):
    wait_until(lambda: browser.text(selector) == wanted, f"{selector} shows {wanted}")


def test_each_site_says_its_state_in_a_word_with_a_shape_of_its_own():
    with Driver(sites=10, name="Line 4, Gadget") as d, Browser() as b:
        show_all_states(d)
        b.open(d.url())
        until_shown(b, ".word", list(WORDS.values()))
        assert b.text(".name") == [f"site-{n + 1}" for n in range(10)]
        shapes = b.run("return [...document.querySelectorAll('.mark use')].map("
                       "u => document.querySelector(u.getAttribute('href')).innerHTML)")
        assert len(set(shapes)) == 10, shapes
        frames = b.run("return [...document.querySelectorAll('.site')].map(e => getComputedStyle(e))"
                       ".map(s => s.borderStyle + s.borderWidth)")
        by_state = dict(zip(WORDS, frames))
        assert by_state["PASSED"] != by_state["FAILED"] and by_state["EMPTY"] != by_state["WORKING"]
        text = b.text(".text")
        assert text[1].startswith("no probe with serial 066BFF") and "waiting for a board" in text[2]
        assert "flash" in text[3] and "62 %" in text[3] and "31.0 KiB/s" in text[3], text[3]
        assert text[5].startswith("flash: sector 12 could not be proven"), text[5]
        assert b.run("return document.querySelector('.bar i').style.width") == "62%"
        assert b.text(".count h2") == ["PASS", "FAIL", "YIELD"]
        assert b.text(".count b") == ["1", "1", "50%"], b.text(".count b")
        assert "already programmed" in b.text("#facts")[0] and "4711" in b.text("#facts")[0]
        assert b.text("h1") == ["Line 4, Gadget"]
        assert b.complaints() == []
        d.quit()


def test_everything_fits_and_can_be_read_light_and_dark():
    for sites in (1, 4, 8, 10, 16, 32):
        with Driver(sites=sites, name="Line 4, Gadget") as d, Browser() as b:
            if sites >= 10:
                show_all_states(d)
            d.do("board 0 aabb SN-1", *["end 0 pass"] * 1200, "minutes 3", "end 0 fail", "end 0 pass")
            for scheme in ("light", "dark"):
                b.scheme(scheme)
                b.open(d.url())
                until_shown(b, "#passed", ["1201" if sites < 10 else "1202"])
                wait_until(lambda: len(b.run("return [...document.querySelectorAll('.slot')]")) == 4,
                           "the plot")
                assert (outside := b.run(OUTSIDE)) == [], (sites, outside)
                ratio, what = b.run(CONTRAST)
                assert ratio >= 4.5, (sites, scheme, ratio, what)
                size = b.run("return [innerWidth, innerHeight, document.documentElement.scrollWidth,"
                             "document.documentElement.scrollHeight]")
                assert size == [1920, 1080, 1920, 1080], size
                picture(b, f"{sites}-sites-{scheme}")
            word = b.run("return Math.min(...[...document.querySelectorAll('.word')].map("
                         "e => parseFloat(getComputedStyle(e).fontSize)))")
            assert word >= (60 if sites <= 8 else 30), (sites, word)
            d.quit()


def test_changes_are_shown_without_being_asked():
    with Driver(sites=2) as d, Browser() as b:
        b.open(d.url())
        until_shown(b, ".word", ["STARTING"] * 2)
        for command, word in (("state 1 EMPTY", "EMPTY"), (f"board 1 {UID} SN-7", "WORKING"),
                              ("end 1 pass", "PASS"), ("state 1 LOCKED", "LOCKED")):
            d.do(command)
            until_shown(b, ".word", ["STARTING", word])
        d.do("because 1 flash: no answer", "end 1 fail")
        until_shown(b, "#fails li b", ["site-2"])
        assert "flash: no answer" in b.text("#fails li")[0]
        d.do("note Somebody has changed the image.", "stopping")
        until_shown(b, "#alarm", ["The station is stopping: no further boards, please."])
        d.quit()


def test_the_plot_has_a_point_for_each_minute():
    with Driver(sites=1) as d, Browser() as b:
        for minute in range(7):
            d.do(*["end 0 pass"] * (minute + 1), *["end 0 fail"] * (minute % 2), "minutes 1")
        d.do("end 0 pass")
        b.open(d.url())
        get = ("return [...document.querySelectorAll('#plot .slot')].map(e => [e.dataset.minute, "
               "e.dataset.passed, e.dataset.failed].map(Number))")
        wanted = [[m, m + 1, m % 2] for m in range(7)] + [[7, 1, 0]]
        wait_until(lambda: b.run(get) == wanted, "a slot for each minute")
        line = b.run("return document.querySelector('#plot .yield').getAttribute('d')")
        assert line.count("L") + line.count("M") == 8, line
        # The bars are as high as they say.
        heights = b.run("return [...document.querySelectorAll('#plot .passed')].map("
                        "e => Number(e.getAttribute('height')))")
        for height, (_, passed, _) in zip(heights, wanted):
            assert abs(height - heights[0] * passed) < .01, heights
        d.do("minutes 1", "end 0 fail")
        wait_until(lambda: b.run(get) == wanted + [[8, 0, 1]], "one more minute")
        d.quit()


def test_text_from_outside_stays_text():
    evil = "<img src=x onerror=document.title='gone'><script>document.title='gone'</script>"
    with Driver(sites=1, name=evil) as d, Browser() as b:
        d.do(f"board 0 {'<b>x</b>'} <i>y</i>", f"step 0 {evil}", f"note {evil}")
        b.open(d.url())
        until_shown(b, "h1", [evil])
        assert evil in b.text(".text")[0] and evil in b.text("#note")[0]
        d.do(f"because 0 {evil}", "end 0 fail")
        until_shown(b, ".reason", [evil])
        until_shown(b, "#fails li b", ["site-1"])
        assert b.run("return document.querySelectorAll('img, b b, .board i, main script').length") == 0
        assert b.run("return document.title") == evil
        d.quit()


def test_a_station_that_is_gone_is_not_shown_as_if_it_were_there():
    with Browser() as b:
        with Driver(sites=1) as d:
            b.open(d.url())
            until_shown(b, "#link", ["● live"])
            d.process.kill()
            until_shown(b, "#link", ["▲ no connection"])
            assert "NO CONNECTION" in b.text("#alarm")[0]
            assert float(b.run("return getComputedStyle(byId('sites')).opacity")) < .5
        with Driver(f"127.0.0.1:{d.port}", sites=3) as d:  # it comes back by itself
            until_shown(b, "#link", ["● live"])
            until_shown(b, ".name", ["site-1", "site-2", "site-3"])
            assert b.text("#alarm") == [""]
            d.quit()
            until_shown(b, "#link", ["■ ended"])
            assert "The station has ended" in b.text("#alarm")[0]


if not is_installed():
    print("1..0 # SKIP chromium and chromium-driver are not installed: script/bootstrap all")
    sys.exit(0)
main()
