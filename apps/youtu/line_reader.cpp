#include "line_reader.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>
#include <utility>

#include "terminal.h"

namespace youtu {

namespace {

constexpr std::string_view kQuotes = "\"\"\"";
constexpr const char* kPrompt = "> ";
constexpr const char* kMorePrompt = ". ";

// A terminal that cannot move its cursor shows what the kernel echoes.
bool can_edit() {
  const char* terminal = getenv("TERM");
  return terminal && *terminal && std::string_view(terminal) != "dumb" &&
         isatty(STDERR_FILENO) != 0;
}

}  // namespace

LineReader::LineReader(LineEditor::Suggest suggest, InputHistory history)
    : is_terminal_(isatty(STDIN_FILENO) != 0), history_(std::move(history)) {
  if (!is_terminal_ || !can_edit()) return;
  editor_ = std::make_unique<LineEditor>(std::move(suggest));
  const Result<std::vector<std::string>> entries = history_.load();
  if (!entries) {
    std::fprintf(stderr, "note: no history: %s\n", entries.status().message().c_str());
    history_ = InputHistory("");
    return;
  }
  for (const std::string& entry : *entries) editor_->remember(entry);
}

LineReader::~LineReader() {
  free(buffer_);
}

LineReader::Event LineReader::read_line(const char* prompt, std::string& line) {
  if (editor_) return editor_->read(prompt, line);
  if (is_terminal_) {
    std::fputs(prompt, stderr);
    for (;;) {
      const WaitEvent event = wait_for_input();
      if (event == WaitEvent::kInterrupted) return Event::kInterrupted;
      if (event == WaitEvent::kInput) break;
    }
  }
  const ssize_t size = getline(&buffer_, &capacity_, stdin);
  if (size < 0) return Event::kEnd;
  line.assign(buffer_, static_cast<size_t>(size));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return Event::kLine;
}

// The rest of a text that began with """. At the end of the input it is what there is.
LineReader::Event LineReader::read_block(std::string& text) {
  text.erase(0, kQuotes.size());
  while (!text.ends_with(kQuotes)) {
    std::string line;
    const Event event = read_line(kMorePrompt, line);
    if (event == Event::kInterrupted) return event;
    if (event == Event::kEnd) return Event::kLine;
    text += "\n" + line;
  }
  text.resize(text.size() - kQuotes.size());
  if (text.starts_with('\n')) text.erase(0, 1);
  if (text.ends_with('\n')) text.pop_back();
  return Event::kLine;
}

LineReader::Event LineReader::read(std::string& text) {
  Event event = read_line(kPrompt, text);
  if (event != Event::kLine) return event;
  if (text.starts_with(kQuotes)) {
    event = read_block(text);
  } else {
    while (event == Event::kLine && text.ends_with('\\')) {
      std::string line;
      event = read_line(kMorePrompt, line);
      text.back() = '\n';
      if (event == Event::kLine) text += line;
      if (event == Event::kEnd) text.pop_back();
    }
    if (event == Event::kEnd) event = Event::kLine;
  }
  if (event == Event::kLine && editor_ && !text.empty()) {
    editor_->remember(text);
    if (const Status status = history_.add(text); !status) {
      std::fprintf(stderr, "note: no history is kept: %s\n", status.message().c_str());
      history_ = InputHistory("");
    }
  }
  return event;
}

}  // namespace youtu
