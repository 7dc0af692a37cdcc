#include "exporter/generate/man_page.h"

#include <string>

#include <fmt/format.h>

namespace tocsin::generate {
namespace {

constexpr std::string_view kDescription = R"(.SH DESCRIPTION
.B tocsin
watches services of data platforms from the outside: databases, queues, orchestrators, containers.
It serves what it sees to Prometheus at
.IR http://127.0.0.1:10061/metrics ,
evaluates Prometheus' rules on its own, and notifies receivers of the alerts.
.PP
Without a command it serves, as with
.BR serve .
Without a configuration it serves a demo that it plays itself.
)";

constexpr std::string_view kRest = R"(.SH EXIT STATUS
.TP
.B 0
Done; for
.BR serve ,
stopped as asked.
.TP
.B 1
Failed: a mistake in a file, a test that failed, an address that is taken, not ready.
.TP
.B 2
Wrong usage.
.TP
.B 3
.B check metrics
has lint findings;
.B check rules \-\-lint\-fatal
has some beyond infos.
.SH SIGNALS
.TP
.B SIGHUP
Reads the configuration again, all of it or none.
.TP
.BR SIGTERM ", " SIGINT
Finishes the requests in progress and stops, within 5 seconds.
A second one ends it at once.
.SH ENVIRONMENT
.TP
.BR LISTEN_PID ", " LISTEN_FDS
Sockets that systemd has opened, as
.BR sd_listen_fds (3)
says.
They are used instead of
.BR server.listen .
.TP
.B NOTIFY_SOCKET
Where to say that it is ready, reloads or stops, as
.BR sd_notify (3)
says.
.TP
.B USER
Who adds a silence, unless
.B \-\-author
says it.
.SH FILES
.TP
.I /etc/tocsin/tocsin.yaml
The configuration that the systemd unit reads.
.TP
.I /usr/share/tocsin
Rules, examples and, where they are shipped, dashboards.
.SH EXAMPLES
.TP
.B tocsin
Serves a demo.
.TP
.B tocsin check config tocsin.yaml
Tells every mistake in a configuration, with line and column.
.TP
.B tocsin \-\-config tocsin.yaml
Watches and serves.
.TP
.B tocsin query \(aqup\(aq
Asks the tocsin on this machine.
.TP
.B tocsin silence add alertname=Down \-d 2h \-m \(aqnew disk\(aq
Keeps an alert quiet for two hours.
.SH SEE ALSO
.BR promtool (1),
.BR amtool (1),
.BR systemd.service (5)
)";

/// Text that roff takes as it is.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '\\': escaped += "\\e"; break;
      case '-': escaped += "\\-"; break;
      case '\'': escaped += "\\(aq"; break;
      case '^': escaped += "\\(ha"; break;
      case '~': escaped += "\\(ti"; break;
      case '`': escaped += "\\(ga"; break;
      case '"': escaped += "\\(dq"; break;
      default: escaped += letter;
    }
  }
  if (escaped.starts_with('.')) escaped.insert(0, "\\&");
  return escaped;
}

/// A sentence of the help, which has no full stop at its end.
std::string Sentence(std::string_view help) {
  std::string sentence = Escaped(help);
  if (!sentence.ends_with('.')) sentence += '.';
  return sentence + '\n';
}

std::string Word(const OptionDescription& argument) {
  std::string word = "\\fI" + Escaped(argument.value) + "\\fR";
  if (argument.repeated) word += "...";
  return argument.required ? word : "[" + word + "]";
}

/// "-c, --config FILE" as a tagged paragraph with the help below.
std::string Paragraph(const OptionDescription& option) {
  std::string tag;
  for (const std::string& name : option.names) {
    tag += (tag.empty() ? "" : ", ") + ("\\fB" + Escaped(name) + "\\fR");
  }
  if (!option.value.empty())
    tag += (tag.empty() ? "\\fI" : " \\fI") + Escaped(option.value) + "\\fR";
  std::string help = Sentence(option.help);
  if (option.required && !option.names.empty()) help += "Required.\n";
  return ".TP\n" + tag + "\n" + help;
}

/// Commands that do something, each with its own heading; those that only hold others have none.
std::string Commands(const CommandDescription& command, const std::string& path) {
  std::string text;
  if (command.commands.empty()) {
    text += ".SS " + Escaped(path);
    std::string arguments;
    for (const OptionDescription& argument : command.arguments) arguments += " " + Word(argument);
    text += arguments + "\n" + Sentence(command.help);
    for (const OptionDescription& argument : command.arguments) text += Paragraph(argument);
    for (const OptionDescription& option : command.options) {
      if (option.names.back() != "--help") text += Paragraph(option);
    }
  }
  for (const CommandDescription& below : command.commands) {
    text += Commands(below, path.empty() ? below.name : path + " " + below.name);
  }
  return text;
}

}  // namespace

GeneratedFile GenerateManPage(const CommandDescription& tocsin, std::string_view version) {
  std::string text =
      ".\\\" Written by `tocsin generate man-page`.\n" +
      fmt::format(".TH TOCSIN 1 \"\" \"tocsin {}\" \"User Commands\"\n", version) +
      ".SH NAME\n"
      "tocsin \\- watch data platforms from outside, evaluate rules and ring receivers\n"
      ".SH SYNOPSIS\n"
      ".B tocsin\n"
      "[\\fBserve\\fR] [\\fIOPTION\\fR]...\n"
      ".br\n"
      ".B tocsin\n"
      "\\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n";
  text += kDescription;
  text += ".SH OPTIONS\nWithout a command, or with\n.BR serve :\n";
  for (const OptionDescription& option : tocsin.options) text += Paragraph(option);
  text += ".SH COMMANDS\n";
  for (const CommandDescription& command : tocsin.commands) {
    if (command.name != "serve") text += Commands(command, command.name);
  }
  text += kRest;
  return {"tocsin.1", std::move(text)};
}

}  // namespace tocsin::generate
