#include "notify/message_templates.h"

#include <glob.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/template/parser.h"
#include "notify/default_texts.h"
#include "notify/message_functions.h"

namespace tocsin::notify {
namespace {

using text_template::Block;
using text_template::Definitions;
using text_template::Functions;
using text_template::Statement;
using text_template::Template;

constexpr std::size_t kLargestFile = std::size_t{1} << 20;

/// What a text is called in errors. Nobody defines a template of this name.
constexpr std::string_view kTextName = "text";

void CollectCalls(const Block& block, std::vector<std::string>& calls) {
  for (const Statement& statement : block) {
    if (statement.kind == Statement::Kind::kTemplate) calls.push_back(statement.text);
    CollectCalls(statement.body, calls);
    CollectCalls(statement.otherwise, calls);
  }
}

/// The templates that `text`, which has been parsed before, calls by name.
std::vector<std::string> CallsIn(std::string_view text, const Functions& functions) {
  Definitions definitions;
  std::vector<std::string> calls;
  const Status parsed = text_template::ParseInto(
      definitions, kTextName, std::make_shared<const std::string>(text), functions, {});
  if (!parsed) return calls;
  for (const auto& [name, definition] : definitions) CollectCalls(definition->body, calls);
  return calls;
}

Status CheckCalls(const Template& parsed, std::string_view name, std::string_view text,
                  const Functions& functions) {
  for (const std::string& call : CallsIn(text, functions)) {
    if (parsed.Defines(call)) continue;
    return Error{ErrorCode::kInvalidInput,
                 fmt::format("template: {}: template \"{}\" is not defined", name, call)};
  }
  return {};
}

TimePoint DecidedAt(const text_template::Value& data) {
  const bool is_record = data.kind() == text_template::Kind::kRecord;
  const text_template::Value* const moment = is_record ? data.Find("DecidedAt") : nullptr;
  return moment == nullptr ? TimePoint() : moment->time();
}

/// Files that a pattern stands for, sorted. A name without wildcards stands for itself, so that it
/// is missed if it is not there.
std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& pattern) {
  if (pattern.string().find_first_of("*?[") == std::string::npos) return {pattern};
  glob_t found{};
  std::vector<std::filesystem::path> files;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the locale or the environment.
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  return files;
}

}  // namespace

Result<std::string> MessageText::Expand(const text_template::Value& data) const {
  if (parsed_ == nullptr) return source_;
  return parsed_->Execute(data, MessageFunctions(DecidedAt(data)));
}

std::shared_ptr<const MessageTemplates> MessageTemplates::BuiltIn() {
  static const std::shared_ptr<const MessageTemplates> kBuiltIn = *Load({});
  return kBuiltIn;
}

Result<std::shared_ptr<const MessageTemplates>> MessageTemplates::Load(
    std::span<const std::filesystem::path> files) {
  const Functions functions = MessageFunctions(TimePoint());
  Result<Template> library = Template::Parse("built-in", kDefaultTexts, functions);
  std::vector<std::pair<std::string, std::string>> sources;
  for (const std::filesystem::path& file : files) {
    if (!library) break;
    Result<std::string> text = ReadFile(file, kLargestFile);
    if (!text) return text.error();
    library = Template::Parse(file.string(), *text, functions, {.library = &*library});
    sources.emplace_back(file.string(), std::move(*text));
  }
  if (!library) return library.error();
  for (const auto& [file, text] : sources) {  // Later files may define what earlier ones call.
    const Status checked = CheckCalls(*library, file, text, functions);
    if (!checked) return checked.error();
  }
  // Not make_shared(): the constructor is private.
  std::shared_ptr<MessageTemplates> templates(new MessageTemplates());
  templates->library_ = std::make_shared<const Template>(std::move(*library));
  return std::shared_ptr<const MessageTemplates>(std::move(templates));
}

Result<MessageText> MessageTemplates::Parse(std::string_view text) const {
  MessageText result;
  result.source_ = text;
  if (text.find("{{") == std::string_view::npos) return result;
  const Functions functions = MessageFunctions(TimePoint());
  Result<Template> parsed =
      Template::Parse(kTextName, text, functions, {.library = library_.get()});
  if (!parsed) return parsed.error();
  const Status checked = CheckCalls(*parsed, kTextName, text, functions);
  if (!checked) return checked.error();
  result.parsed_ = std::make_shared<const Template>(std::move(*parsed));
  return result;
}

std::shared_ptr<const MessageTemplates> ReadMessageTemplates(YamlMap& notify) {
  const std::filesystem::path folder =
      std::filesystem::path(notify.diagnostics().file()).parent_path();
  std::vector<std::filesystem::path> files;
  for (const std::string& pattern : notify.StringsOr("templates", {})) {
    const std::vector<std::filesystem::path> found = FilesOf(folder / pattern);
    files.insert(files.end(), found.begin(), found.end());
  }
  Result<std::shared_ptr<const MessageTemplates>> templates = MessageTemplates::Load(files);
  if (templates) return *templates;
  notify.Refuse("templates", templates.error().message);
  return MessageTemplates::BuiltIn();
}

}  // namespace tocsin::notify
