#include "exporter/signals.h"

#include <unistd.h>

#include <cassert>
#include <initializer_list>

namespace tocsin {

Signals::Signals() {
  sigemptyset(&taken_);
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&taken_, number);
  const int problem = pthread_sigmask(SIG_BLOCK, &taken_, nullptr);
  assert(problem == 0);
  // A client that goes away in the middle of an answer must cost its connection and no more.
  if (problem == 0) std::signal(SIGPIPE, SIG_IGN);
}

Signals::Request Signals::Wait() const {
  int number = 0;
  while (sigwait(&taken_, &number) != 0) continue;
  return number == SIGHUP ? Request::kReload : Request::kStop;
}

void Signals::RequestStop() const {
  kill(getpid(), SIGTERM);
}

void Signals::GiveBack() const {
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &taken_, nullptr);
}

}  // namespace tocsin
