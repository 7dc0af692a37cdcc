#include "exporter/connections.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace tocsin {
namespace {

using Phase = Connections::Phase;

constexpr Connections::Limits kLimits = {.most = 3,
                                         .first_request = Duration(15),
                                         .next_request = Duration(75),
                                         .request = Duration(20),
                                         .answer = Duration(60)};

SteadyPoint At(int milliseconds) {
  return SteadyPoint(Duration(milliseconds));
}

/// A connection: the server's end, and the client's to see whether it was closed.
class SocketPair {
 public:
  SocketPair() { BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0); }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  ~SocketPair() {
    close(ends_[0]);
    close(ends_[1]);
  }

  int server() const { return ends_[0]; }
  bool closed() const {
    char byte = 0;
    return recv(ends_[1], &byte, 1, MSG_DONTWAIT) == 0;
  }

  /// What the server still gets to read; nothing if it would wait for more.
  std::optional<std::string> Read() const {
    std::array<char, 16> text{};
    const ssize_t size = recv(ends_[0], text.data(), text.size(), MSG_DONTWAIT);
    if (size < 0) return std::nullopt;
    return std::string(text.data(), static_cast<std::size_t>(size));
  }
  void Write(std::string_view text) const { send(ends_[1], text.data(), text.size(), 0); }
  /// The client sends no more, as when it closes.
  void Leave() const { shutdown(ends_[1], SHUT_WR); }

 private:
  std::array<int, 2> ends_{};
};

struct OverdueCase {
  std::string_view name;
  Phase phase;
  int limit;  ///< Milliseconds; 0 is none.
};

constexpr OverdueCase kOverdue[] = {
    {"fresh", Phase::kFresh, 15},     {"idle", Phase::kIdle, 75},
    {"reading", Phase::kReading, 20}, {"handling", Phase::kHandling, 0},
    {"sending", Phase::kSending, 60},
};

struct Entered {
  Phase phase;
  int at;
};

struct RoomCase {
  std::string_view name;
  std::array<Entered, 3> held;
  int gives_way;  ///< Index into `held`, or -1 for none.
};

constexpr RoomCase kRoom[] = {
    {"the one that has waited longest",
     {{{Phase::kFresh, 2}, {Phase::kFresh, 1}, {Phase::kFresh, 3}}},
     1},
    {"whatever it waits for", {{{Phase::kIdle, 2}, {Phase::kFresh, 3}, {Phase::kReading, 1}}}, 2},
    {"before those who take an answer",
     {{{Phase::kSending, 1}, {Phase::kSending, 1}, {Phase::kIdle, 9}}},
     2},
    {"who must go if there is nobody else",
     {{{Phase::kSending, 2}, {Phase::kSending, 1}, {Phase::kHandling, 0}}},
     1},
    {"but not those who wait for us",
     {{{Phase::kHandling, 1}, {Phase::kHandling, 2}, {Phase::kHandling, 3}}},
     -1},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(connections_test)

BOOST_AUTO_TEST_CASE(EachPhaseHasItsLimit) {
  for (const OverdueCase& row : kOverdue) {
    BOOST_TEST_CONTEXT(row.name) {
      const SocketPair pair;
      Connections connections(kLimits);
      connections.Add(pair.server(), At(0));
      connections.Enter(pair.server(), row.phase, At(100));
      connections.CloseOverdue(At(100 + row.limit));
      BOOST_TEST(!pair.closed());
      connections.CloseOverdue(At(row.limit == 0 ? 1'000'000 : 101 + row.limit));
      BOOST_TEST(pair.closed() == (row.limit != 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(WhenFullOneGivesWay) {
  for (const RoomCase& row : kRoom) {
    BOOST_TEST_CONTEXT(row.name) {
      const std::array<SocketPair, 4> pairs;
      Connections connections(kLimits);
      for (std::size_t i = 0; i < row.held.size(); ++i) {
        connections.Add(pairs[i].server(), At(0));
        connections.Enter(pairs[i].server(), row.held[i].phase, At(row.held[i].at));
      }
      connections.Add(pairs[3].server(), At(10));
      for (int i = 0; i < 4; ++i) {
        BOOST_TEST_CONTEXT(i) {
          BOOST_TEST(pairs[static_cast<std::size_t>(i)].closed() == (i == row.gives_way));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(EachNewOneClosesAnother) {
  const std::vector<SocketPair> pairs(6);
  Connections connections(kLimits);
  for (std::size_t i = 0; i < pairs.size(); ++i)
    connections.Add(pairs[i].server(), At(static_cast<int>(i)));
  for (std::size_t i = 0; i < pairs.size(); ++i) BOOST_TEST(pairs[i].closed() == (i < 3));
}

BOOST_AUTO_TEST_CASE(DrainingClosesThoseWithoutARequest) {
  const std::array<SocketPair, 4> pairs;
  Connections connections({.most = 9,
                           .first_request = kLimits.first_request,
                           .next_request = kLimits.next_request,
                           .request = kLimits.request,
                           .answer = kLimits.answer});
  for (const SocketPair& pair : pairs) connections.Add(pair.server(), At(0));
  connections.Enter(pairs[1].server(), Phase::kIdle, At(0));
  connections.Enter(pairs[2].server(), Phase::kReading, At(0));
  connections.Enter(pairs[3].server(), Phase::kHandling, At(0));
  pairs[1].Write("GET");
  connections.Drain();
  BOOST_TEST((pairs[0].Read() == ""));
  BOOST_TEST((pairs[1].Read() == "GET"));  // Was asked before, so it is answered.
  BOOST_TEST((pairs[1].Read() == ""));
  for (const SocketPair& pair : pairs) BOOST_TEST(!pair.closed());
  BOOST_TEST(!pairs[2].Read().has_value());
  BOOST_TEST(!pairs[3].Read().has_value());
  connections.Enter(pairs[2].server(), Phase::kIdle, At(1));
  BOOST_TEST(pairs[2].closed());
  BOOST_TEST(!connections.AwaitNone(Duration(1)));
  for (const SocketPair& pair : pairs) connections.Remove(pair.server());
  BOOST_TEST(connections.AwaitNone(Duration(0)));
}

BOOST_AUTO_TEST_CASE(AClientThatLeavesStopsItsRequest) {
  const std::array<SocketPair, 3> pairs;
  Connections connections(kLimits);
  std::array<std::stop_token, 3> tokens;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    connections.Add(pairs[i].server(), At(0));
    connections.Enter(pairs[i].server(), Phase::kHandling, At(0));
    tokens[i] = connections.Watch(pairs[i].server());
  }
  pairs[0].Write("GET");  // Unread bytes do not hide the end behind them.
  pairs[0].Leave();
  pairs[1].Write("GET");
  connections.Enter(pairs[2].server(), Phase::kSending, At(1));
  pairs[2].Leave();
  BOOST_TEST(!tokens[0].stop_requested());
  connections.StopAbandoned();
  BOOST_TEST(tokens[0].stop_requested());
  BOOST_TEST(!tokens[1].stop_requested(), "it is still there");
  BOOST_TEST(!tokens[2].stop_requested(), "it is being answered");
}

BOOST_AUTO_TEST_CASE(DrainingStopsNoRequest) {
  const SocketPair pair;
  Connections connections(kLimits);
  connections.Add(pair.server(), At(0));
  connections.Drain();  // Ends the input; what was asked before is still answered.
  connections.Enter(pair.server(), Phase::kHandling, At(1));
  const std::stop_token token = connections.Watch(pair.server());
  connections.StopAbandoned();
  BOOST_TEST(!token.stop_requested());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tocsin
