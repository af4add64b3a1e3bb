#include "manual_page.h"

#include <fmt/format.h>

#include <string_view>

namespace youtu {

namespace {

constexpr std::string_view kDescription =
    "youtu runs Youtu-LLM, a language model with multi-head latent attention, on ordinary CPUs: as "
    "a "
    "server, in the terminal, or for scripts. A model is a Hugging Face folder, a .gguf or a "
    ".youtu "
    "file, or a name like tencent/Youtu-LLM-2B, which is pulled when it is not there yet. Without "
    "one, each command takes the demo model.\n";

constexpr std::string_view kEnd = R"(.SH EXIT STATUS
.TP
.B 0
All went well.
.TP
.B 1
The model, or the request to it, failed.
.TP
.B 2
A flag, a setting or a configuration file is wrong.
.TP
.B 130
Ctrl\-C.
.SH ENVIRONMENT
Every setting of
.B youtu serve
is a variable, too: YOUTU_MAX_BATCH_SIZE for \-\-max\-batch\-size. Further:
.TP
.B YOUTU_MODELS
Where pulled models are kept.
.TP
.BR YOUTU_OFFLINE ", " HF_HUB_OFFLINE
1: a model that is not here is not pulled.
.TP
.BR HF_ENDPOINT ", " HF_TOKEN ", " MODELSCOPE_ENDPOINT ", " MODELSCOPE_API_TOKEN
Hubs, and what opens them.
.TP
.BR https_proxy ", " http_proxy ", " all_proxy ", " no_proxy
As curl reads them.
.TP
.B NO_COLOR
No colours, whatever the terminal can.
.SH FILES
.TP
.I ~/.local/share/youtu\-serve/models
Pulled models ($XDG_DATA_HOME).
.TP
.I ~/.local/state/youtu\-serve
Sessions of the server, and what was typed in youtu chat ($XDG_STATE_HOME).
.SH EXAMPLES
.nf
youtu pull tencent/Youtu\-LLM\-2B\-GGUF
youtu serve tencent/Youtu\-LLM\-2B\-GGUF \-\-port 8080
youtu chat \-\-preset quality
echo 'Explain inertia.' | youtu generate \-\-json
.fi
)";

std::string roff(std::string_view text) {
  std::string result;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
    at_line_start = c == '\n';
  }
  return result;
}

std::string option_text(const OptionDescription& option) {
  std::string text = ".TP\n";
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  }
  if (option.names.empty()) names = "\\fI" + roff(option.argument) + "\\fR";
  text += names;
  if (!option.names.empty() && !option.argument.empty()) {
    text += " \\fI" + roff(option.argument) + "\\fR";
  }
  text += "\n" + roff(option.description);
  if (!option.values.empty()) {
    text += " (";
    for (size_t i = 0; i < option.values.size(); ++i) {
      text += (i > 0 ? ", " : "") + roff(option.values[i]);
    }
    text += ")";
  }
  if (!option.default_value.empty()) text += " [" + roff(option.default_value) + "]";
  if (!option.environment.empty()) text += ". Environment: " + roff(option.environment);
  return text + "\n";
}

std::string command_text(const CommandDescription& command) {
  std::string title = "youtu";
  for (const std::string& word : command.path) title += " " + word;
  std::string text = ".SS " + roff(title) + "\n" + roff(command.description) + ".\n";
  for (const OptionDescription& option : command.options) text += option_text(option);
  if (!command.footer.empty()) text += ".PP\n.nf\n" + roff(command.footer) + "\n.fi\n";
  return text;
}

}  // namespace

std::string manual_page(const CommandDescription& program, const std::string& version) {
  std::string text = fmt::format(
      ".TH YOUTU 1 \"\" \"youtu {}\" \"User Commands\"\n.SH NAME\nyoutu \\- run Youtu\\-LLM on "
      "your "
      "own machine\n.SH SYNOPSIS\n.B youtu\n.I command\n[options]\n.SH DESCRIPTION\n{}"
      ".SH COMMANDS\n",
      version, roff(kDescription));
  for (const CommandDescription* command : all_commands(program)) text += command_text(*command);
  return text + std::string(kEnd);
}

}  // namespace youtu
