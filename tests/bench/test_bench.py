"""The pure parts of the benchmark: figures, tables, the chart. What it measures is not tested."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gochat_py import settings
from tests.bench import __main__ as bench
from tests.bench import chart, machine, measure, report, servers, storm, works
from tests.support.case import TestCase, eventually

OURS = servers.Server(servers.OURS, "ours", ("ours",))
GORILLA = servers.Server("gorilla", "Go <&>", ("go",))
HUNDRED = next(work for work in works.WORKS if work.name == "hundred")

#: What load.c prints at the end of a run, here of 2,000 lines to 100 clients in two seconds.
TOLD: dict[str, Any] = {
    "asked": 100, "open": 100, "dropped": 0, "unreachable": 0, "elapsed": 2.0, "sent": 2000,
    "deliveries": 200_000, "frames": 50_000, "lost": 0, "repeated": 0, "garbled": 0,
    "handshakes": 0, "p50": 250.0, "p99": 1500.0, "max": 9000.0, "load_cpu": 1.0,
}  # fmt: skip


class Figures(TestCase):
    def test_figures_are_derived_from_what_the_load_tells(self) -> None:
        result = measure.derive(TOLD, 0.8, (10_000, 9_000), (16_000, 12_000))
        self.assertAlmostEqual(result["cpu_us"], 4.0)
        self.assertAlmostEqual(result["deliveries_a_second"], 100_000)
        self.assertAlmostEqual(result["lines_a_frame"], 4.0)
        self.assertAlmostEqual(result["p99_ms"], 1.5)
        self.assertAlmostEqual(result["rss_kib"], 60.0)
        self.assertAlmostEqual(result["pss_kib"], 30.0)
        self.assertNotIn("handshakes_a_second", result)

    def test_a_run_in_which_nothing_arrived_has_no_figures_rather_than_an_error(self) -> None:
        nothing = {**TOLD, "open": 0, "deliveries": 0, "frames": 0}
        self.assertNotIn("cpu_us", measure.derive(nothing, 0.1))

    def test_handshakes_are_counted_by_the_second(self) -> None:
        shaken = {**TOLD, "deliveries": 0, "frames": 0, "open": 0, "handshakes": 5000}
        result = measure.derive(shaken, 1.0)
        self.assertAlmostEqual(result["handshakes_a_second"], 2500)
        self.assertAlmostEqual(result["cpu_us_a_handshake"], 200)

    def test_ticks_are_read_past_a_name_that_holds_brackets_and_spaces(self) -> None:
        text = "42 (a) b (c)) S 7 1 1 0 -1 4194304 9 9 0 0 100 20 3 4 20 0 1 0 5 6 7"
        self.assertEqual(machine.parse_stat(text), (7, 127))

    def test_this_process_has_used_cpu_and_memory(self) -> None:
        self.assertGreater(machine.cpu_seconds(os.getpid()), 0)
        rss, pss = measure.memory(os.getpid())
        self.assertGreaterEqual(rss, pss)
        self.assertGreater(pss, 1000)

    def test_a_process_that_has_ended_is_a_failure_with_a_sentence(self) -> None:
        with self.assertRaisesRegex(servers.Failed, "has ended"):
            measure.memory(2**22 + 1)  # above any pid


#: The two halves of a storm of 1,000, as `storm.run` puts them together.
COMING: dict[str, Any] = {
    "asked": 1000, "open": 1000, "dropped": 0, "unreachable": 0, "garbled": 0, "tried_again": 3,
    "elapsed": 1.5, "received": 2_048_000, "used": 0.9, "until_rest": 2.0, "others": 0.01,
    "witnesses": {"dropped": 0, "lost": 0, "max": 45_000.0},
}  # fmt: skip
LEAVING: dict[str, Any] = {
    "used": 0.2, "until_rest": 0.5, "others": 0.04,
    "witnesses": {"dropped": 1, "lost": 0, "max": 5_000.0},
}  # fmt: skip


class Storms(TestCase):
    def test_its_figures_are_by_the_client(self) -> None:
        result = storm.derive(COMING, LEAVING)
        self.assertAlmostEqual(result["coming_us"], 900)
        self.assertAlmostEqual(result["coming_s"], 1.5)
        self.assertAlmostEqual(result["coming_kib"], 2.0)
        self.assertAlmostEqual(result["coming_wait_ms"], 45.0)
        self.assertAlmostEqual(result["leaving_us"], 200)
        self.assertAlmostEqual(result["leaving_s"], 0.5)
        self.assertAlmostEqual(result["leaving_wait_ms"], 5.0)
        self.assertEqual(result["others"], 0.04, "of the half that others disturbed more")

    def test_a_line_of_the_witnesses_that_never_came_has_waited_all_the_time(self) -> None:
        silent = {**LEAVING, "witnesses": {"dropped": 0, "lost": 2, "max": 0.0}}
        self.assertAlmostEqual(storm.derive(COMING, silent)["leaving_wait_ms"], 500)

    def test_who_was_turned_away_and_a_witness_dropped_are_told(self) -> None:
        words = report.faults([storm.derive(COMING, LEAVING)])
        self.assertEqual(words, "1 witnesses dropped; 3 turned away at first")

    def test_only_those_who_have_rooms_take_part(self) -> None:
        work = next(work for work in works.WORKS if work.load == "storm")
        takes = [name for name in servers.names() if work.takes(name)]
        self.assertEqual(takes, [servers.OURS_V1])
        words = report.table(work, [GORILLA], {GORILLA.name: []})
        self.assertNotIn(GORILLA.name, words)


#: Two cores of a machine with four, as /proc/stat lists them.
PROC_STAT = """cpu  4000 0 0 0 0 0 0 0 0 0
cpu0 100 20 30 5000 7 11 13 4 100 0
cpu1 200 0 50 5000 0 0 900 0 0 0
cpu10 999 0 0 0 0 0 0 0 0 0
intr 1 2 3
"""


class Disturbed(TestCase):
    def test_the_time_of_the_cores_is_read_without_interrupts_and_idling(self) -> None:
        self.assertEqual(machine.parse_busy(PROC_STAT, (0,)), 100 + 20 + 30 + 4)
        self.assertEqual(machine.parse_busy(PROC_STAT, (0, 1)), 154 + 250)

    def test_what_others_took_is_all_but_ones_own(self) -> None:
        self.assertAlmostEqual(machine.share(4.0, busy=1.5, own=1.0), 0.125)
        self.assertEqual(machine.share(4.0, busy=0.9, own=1.0), 0.0, "ticks are coarse")
        self.assertEqual(machine.share(0.0, busy=1.0, own=0.0), 0.0)

    def test_a_watch_counts_a_program_that_is_not_one_of_ours(self) -> None:
        """It is no child of this process any more: the shell that started it has ended."""
        start = "(while :; do :; done) >/dev/null 2>&1 & echo $!"
        shown = subprocess.run(["sh", "-c", start], stdout=subprocess.PIPE, check=True, text=True)
        self.addCleanup(os.kill, int(shown.stdout), signal.SIGKILL)
        watch = machine.Watch(machine.all_cores())
        eventually(lambda: watch.others() > 0, "it was counted")

    def machine(self, *others: float, before: float = 0.0) -> tuple[dict[str, Any], list[str]]:
        """A run of which the tries come out as `others`, and what was done."""
        done: list[str] = []
        values = iter(others)

        def run() -> measure.Result:
            done.append("run")
            return {"others": next(values)}

        def look() -> float:
            done.append("look")
            return before

        return machine.least_disturbed(run, look, machine.Patience(2.0)), done

    def test_a_run_that_nobody_disturbed_is_done_once(self) -> None:
        result, done = self.machine(0.01)
        self.assertEqual((result, done), (
            {"others": 0.01, "others_before": 0.0, "tries": 1}, ["look", "run"],
        ))  # fmt: skip

    def test_a_run_that_others_disturbed_is_done_again_a_few_times(self) -> None:
        self.assertEqual(self.machine(0.5, 0.02)[0]["others"], 0.02)
        result, done = self.machine(0.5, 0.2, 0.4)
        self.assertEqual((result["others"], result["tries"]), (0.2, machine.TRIES))
        self.assertEqual(done.count("run"), machine.TRIES)

    def test_on_a_machine_that_is_never_quiet_waiting_has_an_end(self) -> None:
        result, done = self.machine(0.5, before=0.9)
        self.assertEqual((result["others"], result["others_before"]), (0.5, 0.9))
        self.assertEqual((result["tries"], done.count("run")), (1, 1))
        self.assertLessEqual(done.count("look"), 2.0 / machine.LOOK + 2)

    def test_a_run_that_failed_is_not_done_again(self) -> None:
        def look() -> float:
            return 0.0

        result = machine.least_disturbed(lambda: {"failed": "x"}, look, machine.Patience(9.0))
        self.assertEqual((result["failed"], result["tries"]), ("x", 1))

    def test_it_is_told_how_busy_the_machine_was(self) -> None:
        quiet: list[measure.Result] = [{"others": 0.001, "tries": 1}, {"failed": "x", "tries": 1}]
        self.assertEqual(
            report.disturbance({"crowd": {"ours": quiet}}),
            "Others took at most 0.1 % of the cores during a run.",
        )
        busy: list[measure.Result] = [{"others": 0.25, "tries": 3}, {"others": 0.0, "tries": 2}]
        said = report.disturbance({"crowd": {"ours": quiet, "theirs": busy}})
        for words in ("at most 0.1 %", "2 of 4 runs were repeated", "do not count: 1"):
            self.assertIn(words, said)
        said = report.disturbance({"crowd": {"ours": quiet, "theirs": busy[:1]}})
        for words in ("at most 25.0 %", "not to be relied on: 1"):
            self.assertIn(words, said)
        self.assertEqual(report.disturbance({"crowd": {"ours": []}}), "No run was completed.")

    def test_a_run_that_stayed_disturbed_counts_only_if_all_did(self) -> None:
        runs: list[measure.Result] = [
            {"cpu_us": 9.0, "others": 0.5},
            {"failed": "it ended"},
            {"cpu_us": 1.0, "others": 0.01},
        ]
        self.assertEqual(report.median(runs, "cpu_us"), 1.0)
        self.assertEqual(report.others(runs), 1.0)
        self.assertEqual(report.median(runs[:2], "cpu_us"), 9.0)
        self.assertEqual(report.others(runs[:2]), 50.0)
        self.assertIsNone(report.others(runs[1:2]))

    def test_the_table_has_the_worst_of_each_row(self) -> None:
        run = measure.derive(TOLD, 0.6)
        runs = {OURS.name: [{**run, "others": 0.012}, {**run, "others": 0.004}]}
        lines = report.table(HUNDRED, [OURS], runs).splitlines()
        self.assertIn("others %", lines[1])
        self.assertEqual(lines[2].split()[-1], "1.2")


class Report(TestCase):
    def test_the_median_is_over_the_runs_that_have_the_figure(self) -> None:
        runs: list[measure.Result] = [
            {"cpu_us": 3.0},
            {"failed": "it ended"},
            {"cpu_us": 1.0},
            {"cpu_us": 8.0},
        ]
        self.assertEqual(report.median(runs, "cpu_us"), 3.0)
        self.assertIsNone(report.median([], "cpu_us"))

    def test_faults_of_the_worst_round_are_told(self) -> None:
        runs: list[measure.Result] = [
            {"dropped": 0, "lost": 0},
            {"dropped": 97, "lost": 0},
            {"failed": "it ended"},
        ]
        self.assertEqual(report.faults(runs), "it ended; 97 healthy clients dropped")
        self.assertEqual(report.faults([{"dropped": 0}]), "")

    def test_a_server_that_took_fewer_than_asked_is_told(self) -> None:
        short = {**TOLD, "asked": 9900, "open": 5000, "unreachable": 21}
        self.assertEqual(report.faults([short]), "only 5,000 of 9,900 let in; 21 handshakes failed")
        self.assertEqual(report.faults([{**TOLD, "open": 97, "dropped": 3}])[:1], "3")

    def test_figures_are_written_as_people_read_them(self) -> None:
        for value, digits, said in (
            (1_234_567.8, 0, "1,234,568"),
            (0.4251, 2, "0.425"),
            (3.456, 2, "3.46"),
            (45.04, 1, "45.0"),
            (None, 2, "–"),
        ):
            with self.subTest(said=said):
                self.assertEqual(report.number(value, digits), said)

    def test_the_table_gives_the_headline_the_ratio_and_the_faults(self) -> None:
        runs = {
            OURS.name: [measure.derive(TOLD, 0.6)],
            GORILLA.name: [measure.derive({**TOLD, "dropped": 2}, 0.8)],
        }
        lines = report.table(HUNDRED, [OURS, GORILLA], runs).splitlines()
        self.assertEqual(lines[0], "1 sender → 100")
        self.assertIn("× gorilla", lines[1])
        self.assertEqual(lines[2].split()[:4], ["gochat_py", "3.00", "0.75", "100,000"])
        self.assertTrue(lines[3].endswith("2 healthy clients dropped"))
        self.assertEqual(len({line.index("0.250") for line in lines[2:]}), 1, "not aligned")

    def test_without_the_reference_there_is_no_ratio(self) -> None:
        words = report.table(HUNDRED, [OURS], {OURS.name: [measure.derive(TOLD, 0.6)]})
        self.assertNotIn("× gorilla", words)

    def test_a_server_that_never_ran_has_a_row_that_says_why(self) -> None:
        runs = {OURS.name: [{"failed": "the server has ended"}]}
        self.assertIn("– ", report.table(HUNDRED, [OURS], runs))
        self.assertIn("the server has ended", report.table(HUNDRED, [OURS], runs))


class Chart(TestCase):
    def test_the_chart_is_well_formed_whatever_happened(self) -> None:
        good = measure.derive(TOLD, 0.6)
        runs = {
            HUNDRED.name: {
                OURS.name: [good],
                GORILLA.name: [{**good, "dropped": 3}],
                "never": [{"failed": "said <nothing> & ended"}],
            }
        }
        never = servers.Server("never", "never ran", ())
        drawn = chart.draw(works.WORKS, [OURS, GORILLA, never], runs, "a < b & c")
        root = ElementTree.fromstring(drawn)
        self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
        dots = root.findall(".//{*}circle")
        self.assertEqual([dot.get("class") for dot in dots], ["dot ours", "fault"])
        words = "".join(root.itertext())
        for said in ("3.00", "3 healthy clients dropped", "said <nothing> & ended", "a < b & c"):
            with self.subTest(said=said):
                self.assertIn(said, words)

    def test_it_has_colours_for_light_and_for_dark(self) -> None:
        self.assertIn("prefers-color-scheme: dark", chart.draw([], [], {}, ""))

    def test_the_axis_holds_every_value_and_names_some(self) -> None:
        for values in ([3.0], [0.4, 90.0], [100.0, 20_000.0], [0.28, 0.29]):
            with self.subTest(values=values):
                axis = chart.axis(values, 300)
                for value in values:
                    self.assertTrue(0 < axis.at(value) < 300)
                self.assertTrue(1 <= len(axis.ticks()) <= 6, axis.ticks())
                self.assertTrue(all(0 <= axis.at(tick) <= 300 for tick in axis.ticks()))


class Ours(TestCase):
    def found(self, folder: Path) -> list[servers.Server]:
        found, sentences = servers.find(folder, frozenset((servers.OURS, servers.OURS_V1)))
        self.assertEqual(sentences, [])
        return found

    def test_each_dialect_of_ours_is_a_server_of_its_own(self) -> None:
        told = {server.name: server.dialect for server in self.found(self.folder())}
        self.assertEqual(told, {servers.OURS: "classic", servers.OURS_V1: "gochat.v1"})
        self.assertTrue(all(server.ours for server in self.found(self.folder())))
        self.assertFalse(GORILLA.ours)

    def test_what_ours_keeps_is_kept_apart_and_gone_after_the_run(self) -> None:
        folder = self.folder()
        for server in self.found(folder):
            with self.subTest(server=server.name):
                with servers.complete(server) as command, servers.complete(server) as another:
                    self.assertEqual(command[:-2], server.command)
                    self.assertEqual(command[-2], "--data")
                    data = Path(command[-1])
                    self.assertEqual((data.parent, data.is_dir()), (folder, True))
                    self.assertNotEqual(data, Path(another[-1]))
                self.assertEqual(list(folder.iterdir()), [])

    def test_a_peer_is_started_as_it_is(self) -> None:
        with servers.complete(GORILLA) as command:
            self.assertEqual(command, GORILLA.command)

    def test_our_limits_are_settings_that_there_are(self) -> None:
        flags = {option.flag for option in settings.options()}
        self.assertLessEqual(set(servers._LIMITS[::2]) | {"--data"}, flags)

    def test_of_newer_limits_those_that_there_are_are_lifted(self) -> None:
        flags = {option.flag for option in settings.options()}
        given = servers.our_command()
        for flag in servers._NEWER_LIMITS:
            with self.subTest(flag=flag):
                self.assertEqual(flag in given, flag in flags)

    def folder(self) -> Path:
        return Path(self.enterContext(tempfile.TemporaryDirectory()))


class Choice(TestCase):
    def options(self, *arguments: str) -> argparse.Namespace:
        return bench.parser().parse_args(arguments)

    def test_everything_is_done_unless_told_otherwise(self) -> None:
        self.assertEqual(bench.choose_works(self.options()), list(works.WORKS))

    def test_only_the_named_works_are_done(self) -> None:
        chosen = bench.choose_works(self.options("--works", "latency", "--works", "crowd"))
        self.assertEqual([work.name for work in chosen], ["crowd", "latency"])

    def test_all_of_a_kind_can_be_named_at_once(self) -> None:
        chosen = bench.choose_works(self.options("--works", "storm", "--works", "idle-1000"))
        self.assertEqual({work.family for work in chosen}, {"storm", "idle"})
        self.assertEqual(sum(work.family == "storm" for work in chosen), 5)
        self.assertNotIn("idle-9900", [work.name for work in chosen])

    def test_quick_is_shorter_and_leaves_out_what_takes_longest(self) -> None:
        chosen = bench.choose_works(self.options("--quick"))
        self.assertNotIn("idle-9900", [work.name for work in chosen])
        whole = {work.name: work.options for work in works.WORKS}
        for work in chosen:
            if "seconds" in work.options:
                self.assertLess(work.options["seconds"], whole[work.name]["seconds"])

    def test_each_work_can_be_given_to_the_load_as_it_is(self) -> None:
        source = (servers.ROOT / "tests" / "bench" / "load.c").read_text()
        for work in works.WORKS:
            for word in (work.load, *work.options):
                with self.subTest(work=work.name, word=word):
                    self.assertIn(f'"{word}"', source)

    def test_the_load_knows_every_dialect(self) -> None:
        source = (servers.ROOT / "tests" / "bench" / "load.c").read_text()
        for name in ("dialect", servers.Server("any", "", ()).dialect, "gochat.v1"):
            with self.subTest(name=name):
                self.assertIn(f'"{name}"', source)

    def test_every_server_named_has_its_program(self) -> None:
        for _, module, _, _ in servers._PEERS:
            path = servers.ROOT / "tests" / "bench" / "peers" / f"{module}.py"
            self.assertTrue(path.is_file(), path)
