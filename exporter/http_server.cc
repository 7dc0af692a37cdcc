#include "exporter/http_server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "exporter/acceptor.h"
#include "exporter/connections.h"
#include "exporter/request_target.h"
#include "exporter/worker_pool.h"

namespace tocsin {
namespace {

constexpr std::size_t kEventThreads = 2;
constexpr std::size_t kWorkerThreads = 2;
constexpr std::size_t kMostQueuedHandlers = 64;
/// What libmicrohttpd may use per connection: the request's head and the answer's.
constexpr std::size_t kConnectionMemory = 16 << 10;

SteadyPoint SteadyNow() {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

/// One request and its answer, from the request line until libmicrohttpd is done with both.
struct Exchange {
  enum class Stage { kHead, kBody, kHandling, kAnswered };

  explicit Exchange(const char* raw_target) : target(raw_target) {}

  std::string target;
  Stage stage = Stage::kHead;
  HttpRequest request;
  std::size_t max_body_bytes = 0;
  bool body_too_large = false;
  const Route* route = nullptr;
  HttpResponse response;
};

MHD_Result CollectHeader(void* headers, MHD_ValueKind /*kind*/, const char* name,
                         const char* value) {
  static_cast<decltype(HttpRequest::headers)*>(headers)->emplace_back(name, value ? value : "");
  return MHD_YES;
}

int SocketOf(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/// Keeps a response's body alive for as long as libmicrohttpd sends it.
using Body = std::vector<SharedText>;

void FreeBody(void* body) {
  delete static_cast<Body*>(body);
}

/// A response without headers, whose body is not copied. Null if there is no memory.
MHD_Response* MakeBody(HttpResponse& response) {
  auto body = std::make_unique<Body>(std::move(response.more_body));
  if (response.body != nullptr) body->insert(body->begin(), std::move(response.body));
  MHD_Response* made = nullptr;
  if (body->size() <= 1) {
    // Sent together with the headers, which a body of several pieces is not.
    const std::string_view text = body->empty() ? std::string_view("") : *body->front();
    made = MHD_create_response_from_buffer_with_free_callback_cls(
        text.size(), const_cast<char*>(text.data()), &FreeBody, body.get());
  } else {
    std::vector<MHD_IoVec> pieces;
    for (const SharedText& text : *body) pieces.push_back({text->data(), text->size()});
    made = MHD_create_response_from_iovec(pieces.data(), static_cast<unsigned>(pieces.size()),
                                          &FreeBody, body.get());
  }
  if (made != nullptr) static_cast<void>(body.release());  // FreeBody() has it now.
  return made;
}

std::string AllowedMethods(const Route& route) {
  std::string allowed;
  for (const std::string& method : route.methods) {
    allowed += (allowed.empty() ? "" : ", ") + method;
    if (method == "GET") allowed += ", HEAD";
  }
  return allowed;
}

/// The answer to a request that no handler sees; `route` is null if none has its path.
HttpResponse Refuse(const Route* route, int status, std::string_view why) {
  if (route != nullptr && route->refusal) return route->refusal(status, why);
  return HttpResponse::Text(status, std::string(why) + "\n");
}

/// The path as it stands in the request line, which is the decoded one where nothing is escaped.
std::string_view RawPath(std::string_view target) {
  return target.substr(0, target.find('?'));
}

/// The answer, if it is to be had without waiting.
///
/// Handlers of ours do not throw; the catch is for the libraries below them, since an exception
/// must not pass through C.
std::optional<HttpResponse> HandleAtOnce(const Route& route, const HttpRequest& request) noexcept {
  try {
    if (route.waits == Waits::kNever) return route.handle(request);
    if (route.at_once) return route.at_once(request);
    return std::nullopt;
  } catch (...) {
    return Refuse(&route, 500, "internal error");
  }
}

HttpResponse Handle(const Route& route, const HttpRequest& request) noexcept {
  try {
    return route.handle(request);
  } catch (...) {
    return Refuse(&route, 500, "internal error");
  }
}

class MicrohttpdServer final : public HttpServer {
 public:
  MicrohttpdServer(Settings settings, std::vector<Route> routes)
      : settings_(std::move(settings)),
        connections_({.most = settings_.max_connections,
                      .first_request = settings_.idle_timeout,
                      .next_request = 5 * settings_.idle_timeout,
                      .request = settings_.idle_timeout,
                      .answer = 4 * settings_.idle_timeout}),
        workers_(kWorkerThreads, kMostQueuedHandlers),
        long_workers_(settings_.long_threads, kMostQueuedHandlers) {
    for (Route& route : routes) {
      if (route.path.find('*') != std::string::npos) {
        patterns_.push_back(std::move(route));
      } else {
        std::string path = route.path;
        routes_.emplace(std::move(path), std::move(route));
      }
    }
  }

  ~MicrohttpdServer() override { Stop(Duration(0)); }

  Status Run(std::vector<Listener> listeners) {
    for (std::size_t i = 0; i < kEventThreads; ++i) {
      MHD_Daemon* const daemon = StartDaemon();
      if (daemon == nullptr) {
        return Error{ErrorCode::kUnavailable, "starting libmicrohttpd failed"};
      }
      daemons_.push_back(daemon);
    }
    acceptor_.emplace(
        std::move(listeners), connections_,
        std::clamp<Duration>(settings_.idle_timeout / 8, Duration(10), Duration(1000)),
        [this](FileDescriptor socket) { Accept(std::move(socket)); });
    addresses_ = acceptor_->addresses();
    return {};
  }

  std::vector<std::string> addresses() const override { return addresses_; }
  std::size_t connection_count() const override { return connections_.size(); }

  void Stop(Duration grace) override {
    const std::lock_guard lock(stopping_);
    if (acceptor_) acceptor_->StopAccepting();
    connections_.Drain();
    connections_.AwaitNone(grace);
    settings_.cancel();
    long_workers_.Stop();
    workers_.Stop();  // Resumes what it had suspended, as MHD_stop_daemon() demands.
    for (MHD_Daemon* const daemon : daemons_) MHD_stop_daemon(daemon);
    daemons_.clear();
    acceptor_.reset();
  }

 private:
  MHD_Daemon* StartDaemon() {
    // The timeout and the connection limit are ours, so the library's are off or out of reach.
    const unsigned most = static_cast<unsigned>(4 * settings_.max_connections + 64);
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
        nullptr, nullptr, &MicrohttpdServer::OnRequest, this,                    //
        MHD_OPTION_URI_LOG_CALLBACK, &MicrohttpdServer::OnRequestLine, this,     //
        MHD_OPTION_UNESCAPE_CALLBACK, &MicrohttpdServer::LeaveEscaped, nullptr,  //
        MHD_OPTION_NOTIFY_COMPLETED, &MicrohttpdServer::OnCompleted, this,       //
        MHD_OPTION_NOTIFY_CONNECTION, &MicrohttpdServer::OnConnection, this,     //
        MHD_OPTION_CONNECTION_TIMEOUT, 0U,                                       //
        MHD_OPTION_CONNECTION_LIMIT, most,                                       //
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory,                   //
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  }

  void Accept(FileDescriptor socket) {
    const int yes = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    MHD_Daemon* const daemon = daemons_[next_daemon_++ % daemons_.size()];
    const int number = socket.Release();
    connections_.Add(number, SteadyNow());
    sockaddr_in unknown{};  // The library wants an address only to pass it on, and nobody asks.
    unknown.sin_family = AF_INET;
    if (MHD_add_connection(daemon, number, reinterpret_cast<sockaddr*>(&unknown), sizeof unknown) !=
        MHD_YES) {
      connections_.Remove(number);
    }
  }

  // libmicrohttpd's callbacks. `self` is this server.

  static size_t LeaveEscaped(void* /*self*/, MHD_Connection* /*connection*/, char* text) {
    return std::strlen(text);
  }

  static void OnConnection(void* self, MHD_Connection* connection, void** /*context*/,
                           MHD_ConnectionNotificationCode code) {
    auto& server = *static_cast<MicrohttpdServer*>(self);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) server.connections_.Remove(SocketOf(connection));
  }

  static void* OnRequestLine(void* self, const char* target, MHD_Connection* connection) {
    auto& server = *static_cast<MicrohttpdServer*>(self);
    server.connections_.Enter(SocketOf(connection), Connections::Phase::kReading, SteadyNow());
    return new Exchange(target);
  }

  static void OnCompleted(void* self, MHD_Connection* connection, void** exchange,
                          MHD_RequestTerminationCode /*how*/) {
    auto& server = *static_cast<MicrohttpdServer*>(self);
    server.connections_.Enter(SocketOf(connection), Connections::Phase::kIdle, SteadyNow());
    delete static_cast<Exchange*>(std::exchange(*exchange, nullptr));
  }

  // NOLINTNEXTLINE(readability-function-size): the library's signature.
  static MHD_Result OnRequest(void* self, MHD_Connection* connection, const char* /*target*/,
                              const char* method, const char* /*version*/, const char* upload,
                              size_t* upload_size, void** exchange) {
    auto& server = *static_cast<MicrohttpdServer*>(self);
    auto& current = *static_cast<Exchange*>(*exchange);
    switch (current.stage) {
      case Exchange::Stage::kHead: return server.TakeHead(connection, method, current);
      case Exchange::Stage::kBody:
        if (*upload_size != 0) {
          TakeBody({upload, std::exchange(*upload_size, 0)}, current);
          return MHD_YES;
        }
        return server.Process(connection, current);
      case Exchange::Stage::kHandling: return MHD_YES;
      case Exchange::Stage::kAnswered: break;
    }
    return server.Send(connection, current);
  }

  MHD_Result TakeHead(MHD_Connection* connection, const char* method, Exchange& exchange) {
    exchange.stage = Exchange::Stage::kBody;
    exchange.request.method = method;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, &CollectHeader,
                              &exchange.request.headers);
    const std::string_view length = exchange.request.Header("Content-Length");
    std::size_t announced = 0;
    std::from_chars(length.data(), length.data() + length.size(), announced);
    exchange.max_body_bytes = MaxBodyBytes(exchange);
    if (announced <= exchange.max_body_bytes) return MHD_YES;
    exchange.response = Refuse(RouteOf(RawPath(exchange.target)), 413, "request body too large");
    exchange.response.headers.emplace_back("Connection", "close");
    return Send(connection, exchange);
  }

  /// How large the body of this request may be. Most have none, and cost nothing here.
  std::size_t MaxBodyBytes(const Exchange& exchange) const {
    if (exchange.request.method == "GET") return settings_.max_body_bytes;
    const auto route = routes_.find(RawPath(exchange.target));
    if (route == routes_.end() || route->second.max_body_bytes == 0) {
      return settings_.max_body_bytes;
    }
    return route->second.max_body_bytes;
  }

  static void TakeBody(std::string_view part, Exchange& exchange) {
    std::string& body = exchange.request.body;
    exchange.body_too_large |= body.size() + part.size() > exchange.max_body_bytes;
    if (!exchange.body_too_large) body += part;
  }

  /// The request is complete.
  MHD_Result Process(MHD_Connection* connection, Exchange& exchange) {
    const SteadyPoint now = SteadyNow();
    connections_.Enter(SocketOf(connection), Connections::Phase::kHandling, now);
    exchange.stage = Exchange::Stage::kAnswered;
    if (!FindRoute(exchange)) return Send(connection, exchange);
    if (auto answer = HandleAtOnce(*exchange.route, exchange.request)) {
      exchange.response = std::move(*answer);
      return Send(connection, exchange);
    }
    HandOver(connection, exchange, now);
    return MHD_YES;
  }

  /// Has another thread handle the request, which was complete at `complete`. Meanwhile nothing is
  /// read from the connection.
  void HandOver(MHD_Connection* connection, Exchange& exchange, SteadyPoint complete) {
    exchange.stage = Exchange::Stage::kHandling;
    exchange.request.abandoned = connections_.Watch(SocketOf(connection));
    MHD_suspend_connection(connection);
    WorkerPool& pool = exchange.route->waits == Waits::kLong ? long_workers_ : workers_;
    const bool taken = pool.Submit([connection, &exchange, complete](bool cancelled) {
      exchange.request.waited = SteadyNow() - complete;
      exchange.response = cancelled ? Refuse(exchange.route, 503, "tocsin is stopping")
                                    : Handle(*exchange.route, exchange.request);
      exchange.stage = Exchange::Stage::kAnswered;
      MHD_resume_connection(connection);
    });
    if (!taken) {
      exchange.response = Refuse(exchange.route, 503, "too many requests are waiting");
      exchange.stage = Exchange::Stage::kAnswered;
      MHD_resume_connection(connection);
    }
  }

  /// The route of `path`, or null. Sets `parameter`, if there is one, to what stands for the `*`.
  const Route* RouteOf(std::string_view path, std::string* parameter = nullptr) const {
    const auto exact = routes_.find(path);
    if (exact != routes_.end()) return &exact->second;
    for (const Route& pattern : patterns_) {
      const std::size_t star = pattern.path.find('*');
      const std::string_view before = std::string_view(pattern.path).substr(0, star);
      const std::string_view after = std::string_view(pattern.path).substr(star + 1);
      if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
          !path.ends_with(after)) {
        continue;
      }
      if (parameter != nullptr) {
        *parameter = path.substr(before.size(), path.size() - before.size() - after.size());
      }
      return &pattern;
    }
    return nullptr;
  }

  /// Sets the exchange's route and the rest of its request, or the response that says why not.
  bool FindRoute(Exchange& exchange) const {
    const auto refuse = [&](const Route* route, int status, std::string_view why) {
      exchange.response = Refuse(route, status, why);
      return false;
    };
    const std::string_view raw_path = RawPath(exchange.target);
    if (exchange.body_too_large) return refuse(RouteOf(raw_path), 413, "request body too large");
    Result<RequestTarget> target = ParseRequestTarget(exchange.target);
    if (!target) return refuse(RouteOf(raw_path), 400, target.error().message);
    HttpRequest& request = exchange.request;
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    const Route* const found = RouteOf(request.path, &request.parameter);
    if (found == nullptr) return refuse(nullptr, 404, "not found");
    const Route& route = *found;
    if (request.method == "HEAD") request.method = "GET";
    if (std::find(route.methods.begin(), route.methods.end(), request.method) ==
        route.methods.end()) {
      refuse(found, 405, "method not allowed");
      exchange.response.headers.emplace_back("Allow", AllowedMethods(route));
      return false;
    }
    exchange.route = &route;
    return true;
  }

  MHD_Result Send(MHD_Connection* connection, Exchange& exchange) {
    HttpResponse& response = exchange.response;
    MHD_Response* const queued = MakeBody(response);
    if (queued == nullptr) return MHD_NO;  // Closes the connection.
    MHD_add_response_header(queued, "Content-Type", response.content_type.c_str());
    MHD_add_response_header(queued, "X-Content-Type-Options", "nosniff");
    if (connections_.draining()) MHD_add_response_header(queued, "Connection", "close");
    for (const auto& [name, value] : response.headers) {
      MHD_add_response_header(queued, name.c_str(), value.c_str());
    }
    connections_.Enter(SocketOf(connection), Connections::Phase::kSending, SteadyNow());
    const MHD_Result result =
        MHD_queue_response(connection, static_cast<unsigned>(response.status), queued);
    MHD_destroy_response(queued);
    return result;
  }

  const Settings settings_;
  std::map<std::string, Route, std::less<>> routes_;
  std::vector<Route> patterns_;  ///< Those with a `*` in their path.
  Connections connections_;
  WorkerPool workers_;
  WorkerPool long_workers_;
  std::vector<MHD_Daemon*> daemons_;
  std::size_t next_daemon_ = 0;
  std::optional<Acceptor> acceptor_;
  std::vector<std::string> addresses_;
  std::mutex stopping_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(Settings settings, std::vector<Route> routes,
                                                      const Log& log) {
  std::vector<Listener> listeners = std::move(settings.sockets);
  for (const std::string& address : settings.listen) {
    Result<std::vector<Listener>> found = Listen(address);
    if (!found) return found.error();
    std::move(found->begin(), found->end(), std::back_inserter(listeners));
  }
  auto server = std::make_unique<MicrohttpdServer>(std::move(settings), std::move(routes));
  if (const Status status = server->Run(std::move(listeners)); !status) return status.error();
  for (const std::string& address : server->addresses()) {
    log.Info("listening", {{"address", address}});
  }
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace tocsin
