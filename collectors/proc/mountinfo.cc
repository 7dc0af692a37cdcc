#include "collectors/proc/mountinfo.h"

#include <algorithm>
#include <array>

#include "collectors/proc/fields.h"

namespace tocsin::collectors {
namespace {

/// Those of Linux that ask another machine, apart from FUSE.
constexpr std::array<std::string_view, 18> kNetworkTypes = {
    "9p",   "acfs",   "afs",   "beegfs", "ceph", "cifs", "coda",  "gfs",  "gfs2",
    "gpfs", "lustre", "ncpfs", "ncp",    "nfs",  "nfs4", "ocfs2", "smb3", "smbfs"};

bool IsOctal(char c) {
  return c >= '0' && c <= '7';
}

/// The kernel writes blanks, newlines, backslashes and '#' as \040 and the like.
std::string Unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      const int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      plain += static_cast<char>(static_cast<unsigned char>(code));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

Result<Mount> ParseLine(std::string_view line) {
  std::string_view rest = line;
  const bool numbered = ParseCount(TakeWord(rest)) && ParseCount(TakeWord(rest));
  TakeWord(rest);  // The device's numbers.
  const std::string_view root = TakeWord(rest);
  const std::string_view point = TakeWord(rest);
  const std::string_view options = TakeWord(rest);
  while (true) {  // Optional fields, up to a dash.
    const std::string_view word = TakeWord(rest);
    if (word.empty()) return Malformed("a mount with a dash in its middle", line);
    if (word == "-") break;
  }
  const std::string_view fs_type = TakeWord(rest);
  const std::string_view device = TakeWord(rest);
  const std::string_view super_options = TakeWord(rest);
  // What is mounted may be called "", and then the field is empty and the blanks move up.
  if (!numbered || fs_type.empty() || device.empty()) return Malformed("a mount", line);
  return Mount{.device = Unescaped(super_options.empty() ? "" : device),
               .point = Unescaped(point),
               .root = Unescaped(root),
               .fs_type = Unescaped(fs_type),
               .super_options = std::string(super_options.empty() ? device : super_options),
               .read_only = HasMountOption(options, "ro") ||
                            HasMountOption(super_options.empty() ? device : super_options, "ro")};
}

}  // namespace

bool HasMountOption(std::string_view options, std::string_view option) {
  while (true) {
    const std::size_t end = options.find(',');
    if (options.substr(0, end) == option) return true;
    if (end == std::string_view::npos) return false;
    options.remove_prefix(end + 1);
  }
}

bool IsNetworkFileSystem(std::string_view fs_type) {
  if (fs_type == "fuse" || fs_type.starts_with("fuse.")) return true;
  return std::find(kNetworkTypes.begin(), kNetworkTypes.end(), fs_type) != kNetworkTypes.end();
}

Result<std::vector<Mount>> ParseMountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (const auto line = TakeLine(text)) {
    if (Trimmed(*line).empty()) continue;
    Result<Mount> mount = ParseLine(*line);
    if (!mount) return mount.error();
    mounts.push_back(std::move(*mount));
  }
  return mounts;
}

}  // namespace tocsin::collectors
