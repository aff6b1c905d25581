import dataclasses

from gochat_py.errors import StartupError
from gochat_py.settings import Settings, combine, from_environment, options
from tests.support.case import TestCase


class SettingsTest(TestCase):
    def test_a_flag_wins_over_the_environment_and_that_over_the_default(self):
        environment = {"GOCHAT_PORT": "1111", "GOCHAT_HOST": "::1"}
        found = combine(environment, {"port": 2222})
        self.assertEqual((found.port, found.host, found.send_buffer), (2222, "::1", 256))

    def test_an_empty_variable_is_as_good_as_none(self):
        self.assertEqual(from_environment({"GOCHAT_PORT": " "}), {})

    def test_what_may_be_given_often_is_comma_separated_in_the_environment(self):
        environment = {"GOCHAT_ORIGIN": "https://a.example, https://b.example:8443"}
        self.assertEqual(
            combine(environment, {}).origin, ("https://a.example", "https://b.example:8443")
        )

    def test_everybody_and_nobody_are_origins_too(self):
        self.assertEqual(combine({"GOCHAT_ORIGIN": "*, null"}, {}).origin, ("*", "null"))

    def test_names_may_be_of_any_script_and_stars(self):
        listed = "chat.example, *.example.org, *, münchen.example, my_service, a."
        found = combine({"GOCHAT_NAME": listed}, {}).name
        self.assertEqual(found, tuple(listed.split(", ")))

    def test_a_bad_value_is_refused_with_a_sentence_that_names_flag_and_value(self):
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

    def test_every_setting_says_what_it_is_for(self):
        self.assertEqual(
            {o.name for o in options()}, {f.name for f in dataclasses.fields(Settings)}
        )
        for option in options():
            self.assertGreater(len(option.about), 20, option.name)
