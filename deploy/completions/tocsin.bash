# shellcheck shell=bash
# Written by `tocsin generate completions`.

# The commands below the command $1.
_tocsin_commands() {
  case $1 in
    '') echo 'serve check test replay query alerts silence collectors generate healthcheck demo' ;;
    'check') echo 'config metrics rules expr' ;;
    'test') echo 'rules notify' ;;
    'silence') echo 'add list expire' ;;
    'generate') echo 'rules prometheusrule servicemonitor podmonitor dashboards metrics-doc man-page completions' ;;
  esac
}

# The options of the command $1.
_tocsin_options() {
  case $1 in
    '') echo '-h --help --version -c --config --listen --storage.path --log.level --log.format' ;;
    'serve') echo '-h --help -c --config --listen --storage.path --log.level --log.format' ;;
    'check') echo '-h --help' ;;
    'check config') echo '-h --help --connect' ;;
    'check metrics') echo '-h --help' ;;
    'check rules') echo '-h --help --lint --lint-fatal --ignore-unknown-fields --experimental --scrape-interval --server' ;;
    'check expr') echo '-h --help --experimental' ;;
    'test') echo '-h --help' ;;
    'test rules') echo '-h --help -c --config --run --diff --debug --coverage --junit --ignore-unknown-fields --experimental' ;;
    'test notify') echo '-h --help -c --config --receiver' ;;
    'replay') echo '-h --help --rules -c --config --server --input --start --end --interval -o --output --experimental' ;;
    'query') echo '-h --help --server --input --time --start --end --step -o --output --experimental' ;;
    'alerts') echo '-h --help --receiver --active --server -o --output' ;;
    'silence') echo '-h --help' ;;
    'silence add') echo '-h --help -d --duration -m --comment -a --author --server' ;;
    'silence list') echo '-h --help --expired --server -o --output' ;;
    'silence expire') echo '-h --help --server' ;;
    'collectors') echo '-h --help' ;;
    'generate') echo '-h --help' ;;
    'generate rules') echo '-h --help -o --output --pack --optional --job --selector --label --runbook-url --threshold --for' ;;
    'generate prometheusrule') echo '-h --help -o --output --pack --optional --job --selector --label --runbook-url --threshold --for --namespace --metadata-label --name-prefix' ;;
    'generate servicemonitor') echo '-h --help -o --output --namespace --metadata-label --name --target-namespace --selector-label --port --path --interval --scrape-timeout' ;;
    'generate podmonitor') echo '-h --help -o --output --namespace --metadata-label --name --target-namespace --selector-label --port --path --interval --scrape-timeout' ;;
    'generate dashboards') echo '-h --help -o --output --datasource-uid --runbook-url --threshold' ;;
    'generate metrics-doc') echo '-h --help -o --output' ;;
    'generate man-page') echo '-h --help -o --output' ;;
    'generate completions') echo '-h --help -o --output' ;;
    'healthcheck') echo '-h --help --url' ;;
    'demo') echo '-h --help --folder --revive' ;;
  esac
}

# What the value of an option is, or the argument of a command: $1 is COMMAND:OPTION or COMMAND:.
_tocsin_value() {
  case $1 in
    ':--listen' | \
      'serve:--listen' | \
      'check rules:--scrape-interval' | \
      'check rules:--server' | \
      'check expr:' | \
      'test rules:--run' | \
      'test notify:--receiver' | \
      'replay:--server' | \
      'replay:--start' | \
      'replay:--end' | \
      'replay:--interval' | \
      'query:--server' | \
      'query:--time' | \
      'query:--start' | \
      'query:--end' | \
      'query:--step' | \
      'query:' | \
      'alerts:--receiver' | \
      'alerts:--server' | \
      'alerts:' | \
      'silence add:-d' | \
      'silence add:--duration' | \
      'silence add:-m' | \
      'silence add:--comment' | \
      'silence add:-a' | \
      'silence add:--author' | \
      'silence add:--server' | \
      'silence add:' | \
      'silence list:--server' | \
      'silence list:' | \
      'silence expire:--server' | \
      'silence expire:' | \
      'generate rules:--pack' | \
      'generate rules:--job' | \
      'generate rules:--selector' | \
      'generate rules:--label' | \
      'generate rules:--runbook-url' | \
      'generate rules:--threshold' | \
      'generate rules:--for' | \
      'generate prometheusrule:--pack' | \
      'generate prometheusrule:--job' | \
      'generate prometheusrule:--selector' | \
      'generate prometheusrule:--label' | \
      'generate prometheusrule:--runbook-url' | \
      'generate prometheusrule:--threshold' | \
      'generate prometheusrule:--for' | \
      'generate prometheusrule:--namespace' | \
      'generate prometheusrule:--metadata-label' | \
      'generate prometheusrule:--name-prefix' | \
      'generate servicemonitor:--namespace' | \
      'generate servicemonitor:--metadata-label' | \
      'generate servicemonitor:--name' | \
      'generate servicemonitor:--target-namespace' | \
      'generate servicemonitor:--selector-label' | \
      'generate servicemonitor:--port' | \
      'generate servicemonitor:--path' | \
      'generate servicemonitor:--interval' | \
      'generate servicemonitor:--scrape-timeout' | \
      'generate podmonitor:--namespace' | \
      'generate podmonitor:--metadata-label' | \
      'generate podmonitor:--name' | \
      'generate podmonitor:--target-namespace' | \
      'generate podmonitor:--selector-label' | \
      'generate podmonitor:--port' | \
      'generate podmonitor:--path' | \
      'generate podmonitor:--interval' | \
      'generate podmonitor:--scrape-timeout' | \
      'generate dashboards:--datasource-uid' | \
      'generate dashboards:--runbook-url' | \
      'generate dashboards:--threshold' | \
      'healthcheck:--url') echo 'any' ;;
    ':-c' | \
      ':--config' | \
      'serve:-c' | \
      'serve:--config' | \
      'check config:' | \
      'check metrics:' | \
      'check rules:' | \
      'test rules:-c' | \
      'test rules:--config' | \
      'test rules:--junit' | \
      'test rules:' | \
      'test notify:-c' | \
      'test notify:--config' | \
      'replay:--rules' | \
      'replay:-c' | \
      'replay:--config' | \
      'replay:--input' | \
      'query:--input') echo 'file' ;;
    ':--storage.path' | \
      'serve:--storage.path' | \
      'generate rules:-o' | \
      'generate rules:--output' | \
      'generate prometheusrule:-o' | \
      'generate prometheusrule:--output' | \
      'generate servicemonitor:-o' | \
      'generate servicemonitor:--output' | \
      'generate podmonitor:-o' | \
      'generate podmonitor:--output' | \
      'generate dashboards:-o' | \
      'generate dashboards:--output' | \
      'generate metrics-doc:-o' | \
      'generate metrics-doc:--output' | \
      'generate man-page:-o' | \
      'generate man-page:--output' | \
      'generate completions:-o' | \
      'generate completions:--output' | \
      'demo:--folder') echo 'folder' ;;
    'check rules:--lint') echo 'words all none alerts/comparison alerts/count alerts/for alerts/template duplicate-rules group/interval promql/aggregate promql/fragile promql/impossible promql/nan promql/rate promql/regexp promql/series promql/syntax promql/vector_matching rule/duplicate rule/label rule/name' ;;
    'collectors:') echo 'words atlas container dagster dashflow host http kailash kubernetes miroir pgbouncer postgres prometheus redis sql' ;;
    ':--log.level' | \
      'serve:--log.level') echo 'words debug info warn error' ;;
    ':--log.format' | \
      'serve:--log.format') echo 'words logfmt json' ;;
    'replay:-o' | \
      'replay:--output' | \
      'query:-o' | \
      'query:--output' | \
      'alerts:-o' | \
      'alerts:--output' | \
      'silence list:-o' | \
      'silence list:--output') echo 'words table json' ;;
  esac
}

_tocsin() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' awaits='' word kind index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; ++index)); do
    word=${COMP_WORDS[index]}
    if [[ $word == = ]]; then
      continue  # bash makes three words of --option=value.
    elif [[ -n $awaits ]]; then
      awaits=''
    elif [[ $word == -* ]]; then
      [[ -z $(_tocsin_value "$command:$word") ]] || awaits=$word
    elif [[ " $(_tocsin_commands "$command") " == *" $word "* ]]; then
      command=${command:+$command }$word
    fi
  done
  [[ $current != = ]] || current=''
  if [[ -n $awaits ]]; then
    kind=$(_tocsin_value "$command:$awaits")
  elif [[ $current == -* ]]; then
    kind="words $(_tocsin_options "$command")"
  else
    kind=$(_tocsin_value "$command:")
    [[ -n $kind ]] || kind="words $(_tocsin_commands "$command")"
  fi
  case $kind in
    words*) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$current") ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
  if [[ $kind == file || $kind == folder ]]; then
    compopt -o filenames 2>/dev/null
  fi
}

complete -F _tocsin tocsin
