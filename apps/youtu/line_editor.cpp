// Characters are read here and not by libedit: so Ctrl-C is noticed wherever the signal arrives,
// and bytes that are no UTF-8 become U+FFFD instead of an end.
#include "line_editor.h"

#include <histedit.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>

#include "base/utf8.h"
#include "input_history.h"
#include "terminal.h"

namespace youtu {

namespace {

constexpr size_t kMaxPasteBytes = size_t{1} << 20;
constexpr std::string_view kPasteEnd = "\033[201~";

// The terminal has another size, or the program goes on after Ctrl-Z.
volatile sig_atomic_t was_resized = 0;
volatile sig_atomic_t was_continued = 0;
void on_resize(int) {
  was_resized = 1;
}
void on_continue(int) {
  was_continued = 1;
}

void append_utf8(std::string& text, wchar_t c) {
  const auto code = static_cast<char32_t>(c);
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3f))};
  } else if (code < 0x10000) {
    text += {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
             static_cast<char>(0x80 | (code & 0x3f))};
  } else {
    text += {static_cast<char>(0xf0 | (code >> 18)), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
             static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
  }
}

size_t utf8_length(unsigned char lead) {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

std::string common_beginning(const std::vector<std::string>& words) {
  std::string common = words.front();
  for (const std::string& word : words) {
    const auto [end, other] = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
    common.erase(end, common.end());
  }
  return common;
}

}  // namespace

struct LineEditor::State {
  EditLine* editor = nullptr;
  History* history = nullptr;
  Suggest suggest;
  std::string prompt;
  bool was_interrupted = false;

  static State& of(EditLine* editor) {
    State* state = nullptr;
    el_get(editor, EL_CLIENTDATA, &state);
    return *state;
  }

  static char* prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

  // 1 and a character, 0 at the end, -1 after Ctrl-C.
  static int read_character(EditLine* editor, wchar_t* character) {
    State& state = of(editor);
    std::string bytes;
    size_t length = 1;
    while (bytes.size() < length) {
      switch (wait_for_input()) {
        case WaitEvent::kInterrupted:
          state.was_interrupted = true;
          return -1;
        case WaitEvent::kOtherSignal:
          state.answer_signals();
          continue;
        case WaitEvent::kInput:
          break;
      }
      char byte = 0;
      const ssize_t n = ::read(STDIN_FILENO, &byte, 1);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return 0;
      if (bytes.empty()) length = utf8_length(static_cast<unsigned char>(byte));
      bytes += byte;
    }
    *character = static_cast<wchar_t>(decode_utf8(bytes).code_point);
    return 1;
  }

  void answer_signals() {
    if (was_resized) el_resize(editor);
    if (was_continued) {
      el_set(editor, EL_PREP_TERM, 1);
      el_set(editor, EL_REFRESH);
    }
    was_resized = 0;
    was_continued = 0;
  }

  static unsigned char add_line(EditLine* editor, int) {
    return el_insertstr(editor, "\n") == 0 ? CC_REFRESH : CC_ERROR;
  }

  // A terminal says where a paste begins and ends, so its line breaks are no Enter.
  static unsigned char paste(EditLine* editor, int) {
    std::string text;
    wchar_t character = 0;
    while (!text.ends_with(kPasteEnd)) {
      if (read_character(editor, &character) != 1) return CC_EOF;
      if (text.size() < kMaxPasteBytes) append_utf8(text, character);
    }
    text.resize(text.size() - kPasteEnd.size());
    std::replace(text.begin(), text.end(), '\r', '\n');
    std::erase_if(text, [](char c) {
      return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
    });
    while (text.ends_with('\n')) text.pop_back();
    return el_insertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  static unsigned char complete(EditLine* editor, int) {
    const LineInfo* line = el_line(editor);
    const std::string before(line->buffer, line->cursor);
    const Suggestions found = of(editor).suggest(before);
    if (found.words.empty()) return CC_ERROR;
    std::string more = common_beginning(found.words).substr(before.size() - found.begin);
    if (found.words.size() == 1 && !found.words.front().ends_with('/')) more += ' ';
    if (!more.empty()) return el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    std::string list = "\n";
    for (const std::string& word : found.words) list += word + "  ";
    std::fprintf(stderr, "%s\n", list.c_str());
    return CC_REDISPLAY;
  }

  void bind(const char* key, const char* function) {
    el_set(editor, EL_BIND, key, function, nullptr);
  }
};

LineEditor::LineEditor(Suggest suggest) : state_(std::make_unique<State>()) {
  // How wide characters are; of no other category, so that numbers are read and written as always.
  std::setlocale(LC_CTYPE, "C.UTF-8");
  State& state = *state_;
  state.suggest = std::move(suggest);
  state.editor = el_init("youtu", stdin, stderr, stderr);
  EditLine* editor = state.editor;
  el_set(editor, EL_CLIENTDATA, &state);
  el_set(editor, EL_SIGNAL, 0);
  el_set(editor, EL_PROMPT_ESC, &State::prompt_of, '\1');
  el_set(editor, EL_GETCFN, &State::read_character);
  el_set(editor, EL_EDITOR, "emacs");
  HistEvent event;
  state.history = history_init();
  history(state.history, &event, H_SETSIZE, static_cast<int>(kMaxHistoryEntries));
  history(state.history, &event, H_SETUNIQUE, 1);
  el_set(editor, EL_HIST, history, state.history);
  el_set(editor, EL_ADDFN, "youtu-complete", "Complete the word", &State::complete);
  el_set(editor, EL_ADDFN, "youtu-paste", "Take what is pasted", &State::paste);
  el_set(editor, EL_ADDFN, "youtu-add-line", "Begin a new line", &State::add_line);
  for (const auto& [key, function] : {std::pair{"^I", "youtu-complete"},
                                      {"\033[200~", "youtu-paste"},
                                      {"\033\n", "youtu-add-line"},
                                      {"\033\r", "youtu-add-line"},
                                      {"^R", "em-inc-search-prev"},
                                      {"^W", "ed-delete-prev-word"},
                                      {"\033[H", "ed-move-to-beg"},
                                      {"\033[F", "ed-move-to-end"},
                                      {"\033[3~", "ed-delete-next-char"},
                                      {"\033[1;5C", "em-next-word"},
                                      {"\033[1;5D", "ed-prev-word"}}) {
    state.bind(key, function);
  }
  el_source(editor, nullptr);  // ~/.editrc, if there is one
  struct sigaction action = {};
  action.sa_handler = on_resize;
  sigaction(SIGWINCH, &action, nullptr);
  action.sa_handler = on_continue;
  sigaction(SIGCONT, &action, nullptr);
}

LineEditor::~LineEditor() {
  signal(SIGWINCH, SIG_DFL);
  signal(SIGCONT, SIG_DFL);
  history_end(state_->history);
  el_end(state_->editor);
}

LineEditor::Event LineEditor::read(const std::string& prompt, std::string& line) {
  state_->prompt = prompt;
  if (has_colours(STDERR_FILENO)) {  // libedit drops a code that no character follows
    state_->prompt.insert(prompt.size() - 1, "\1\033[0m\1");
    state_->prompt.insert(0, "\1\033[1m\1");
  }
  state_->was_interrupted = false;
  std::fflush(stdout);
  // Before the prompt: what is typed as soon as it is seen must not meet the terminal's own line
  // editing, where a Ctrl-D would be lost.
  el_set(state_->editor, EL_PREP_TERM, 1);
  std::fputs("\033[?2004h", stderr);  // say where pastes begin and end
  int count = 0;
  const char* text = el_gets(state_->editor, &count);
  std::fputs("\033[?2004l", stderr);
  std::fflush(stderr);
  if (state_->was_interrupted) return Event::kInterrupted;
  if (text == nullptr || count <= 0) return Event::kEnd;
  line.assign(text, static_cast<size_t>(count));
  if (line.ends_with('\n')) line.pop_back();
  if (line.ends_with('\r')) line.pop_back();
  return Event::kLine;
}

void LineEditor::remember(const std::string& line) {
  HistEvent event;
  history(state_->history, &event, H_ENTER, line.c_str());
}

}  // namespace youtu
