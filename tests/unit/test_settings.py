import dataclasses
from typing import Any

from gochat_py.errors import StartupError
from gochat_py.settings import Settings, combine, from_environment, options
from tests.support.case import TestCase


class SettingsTest(TestCase):
    def test_a_flag_overrides_the_environment_which_overrides_the_default(self):
        environment = {"GOCHAT_PORT": "1111", "GOCHAT_HOST": "::1"}
        found = combine(environment, {"port": 2222})
        self.assertEqual((found.port, found.host, found.send_buffer), (2222, "::1", 256))

    def test_an_empty_variable_counts_as_unset(self):
        self.assertEqual(from_environment({"GOCHAT_PORT": " "}), {})

    def test_an_unknown_variable_is_refused_and_the_nearest_name_is_shown(
        self,
    ):
        for name, nearest in (
            ("GOCHAT_PROT", "GOCHAT_PORT"),
            ("GOCHAT_MAX_ROOM", "GOCHAT_MAX_ROOMS"),
            ("GOCHAT_TRUSTED_PROXIES", "GOCHAT_TRUSTED_PROXY"),
            ("GOCHAT_DATA_DIR", "GOCHAT_DATA"),
            ("Gochat_Port", "GOCHAT_PORT"),
            ("GOCHAT_PASSWORD", "GOCHAT_"),
            ("GOCHAT_", "GOCHAT_"),
            ("GOCHAT_\x1b[2J", "GOCHAT_"),
        ):
            with self.subTest(name=name):
                with self.assertRaises(StartupError) as caught:
                    from_environment({name: "secret", "HOME": "/root"})
                self.assertIn(repr(name), str(caught.exception))
                self.assertIn(f"the nearest one is {nearest}", str(caught.exception))
                self.assertNotIn("secret", str(caught.exception))
                self.assertNotIn("\x1b", str(caught.exception))

    def test_an_unknown_variable_is_refused_even_if_it_is_empty(self):
        with self.assertRaises(StartupError):
            from_environment({"GOCHAT_PASSWORD": ""})

    def test_variables_of_the_test_suite_and_of_other_programs_are_ignored(self):
        environment = {"GOCHAT_TEST_SEED": "1", "GOCHATTER": "x", "PATH": "", "MY_GOCHAT_PORT": "x"}
        self.assertEqual(from_environment(environment), {})

    def test_an_invalid_text_is_refused_from_a_flag_and_from_a_variable(self):
        texts = [o for o in options() if o.many or (isinstance(o.default, str) and not o.choices)]
        self.assertGreater(len(texts), 4)
        for option in texts:
            for value in ("", " ", "\n", "a\0b"):
                with self.subTest(option=option.name, value=value):
                    with self.assertRaises(StartupError) as caught:
                        option.read(value)
                    self.assertIn(option.flag, str(caught.exception))
                    wrong: dict[str, Any] = {option.name: (value,) if option.many else value}
                    with self.assertRaises(StartupError):
                        Settings(**wrong)

    def test_an_empty_item_in_a_list_is_refused(self):
        with self.assertRaises(StartupError):
            combine({"GOCHAT_NAME": "chat.example,"}, {})

    def test_a_repeatable_flag_is_comma_separated_in_the_environment(self):
        environment = {"GOCHAT_ORIGIN": "https://a.example, https://b.example:8443"}
        self.assertEqual(
            combine(environment, {}).origin, ("https://a.example", "https://b.example:8443")
        )

    def test_a_star_and_null_are_valid_origins(self):
        self.assertEqual(combine({"GOCHAT_ORIGIN": "*, null"}, {}).origin, ("*", "null"))

    def test_host_names_may_have_any_script_and_a_leading_star(self):
        listed = "chat.example, *.example.org, *, münchen.example, my_service, a."
        found = combine({"GOCHAT_NAME": listed}, {}).name
        self.assertEqual(found, tuple(listed.split(", ")))

    def test_an_invalid_value_is_refused_with_its_flag_and_value(self):
        for variable, value, words in (
            ("GOCHAT_PORT", "eighty", ("--port", "'eighty'", "GOCHAT_PORT")),
            ("GOCHAT_PORT", "65536", ("--port", "65535")),
            ("GOCHAT_PORT", "-1", ("--port", "0")),
            ("GOCHAT_WRITE_WAIT", "nan", ("--write-wait", "finite")),
            ("GOCHAT_WRITE_WAIT", "0", ("--write-wait", "0.01")),
            ("GOCHAT_LOG_LEVEL", "loud", ("--log-level", "'loud'", "debug, info")),
            ("GOCHAT_TRUSTED_PROXY", "proxy", ("--trusted-proxy", "10.0.0.0/8")),
            ("GOCHAT_ORIGIN", "chat.example", ("--origin", "https://chat.example.org")),
            ("GOCHAT_ORIGIN", "https://chat.example/", ("--origin",)),
            *(
                ("GOCHAT_NAME", name, ("--name", "chat.example.org"))
                for name in (
                    *("http://chat.example", "chat.example:80", "chat.example/", "a b", "a..b"),
                    *("*.", "**", "a.*.b", ".a", "[::1]", "-a", "x" * 64, "a@b", "a.b..", "*.*"),
                )
            ),
            ("GOCHAT_PING_PERIOD", "60", ("--ping-period", "--pong-wait")),
        ):
            with self.subTest(variable=variable, value=value):
                with self.assertRaises(StartupError) as caught:
                    combine({variable: value}, {})
                for word in words:
                    self.assertIn(word, str(caught.exception))

    def test_the_default_ping_period_is_short_enough_for_proxies_that_close_idle_connections(self):
        """54 s, gorilla's figure, was too long for proxies with 50 s, and near nginx's 60."""
        self.assertLessEqual(2 * Settings().ping_period, 50)
        self.assertLessEqual(2 * Settings().ping_period, Settings().pong_wait)

    def test_every_setting_has_a_description(self):
        self.assertEqual(
            {o.name for o in options()}, {f.name for f in dataclasses.fields(Settings)}
        )
        for option in options():
            self.assertGreater(len(option.about), 20, option.name)
