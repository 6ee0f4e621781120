# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for sockwatch(8). Needs nothing of the bash-completion package.

# In all of these, `cur` is the word as far as it is typed.

_sockwatch_compopt() {
    compopt -o "$1" 2>/dev/null || true # outside of a completion, in a test
}

_sockwatch_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
    # A value follows without a space.
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || _sockwatch_compopt nospace
}

# One of the words at the end of a list with commas; - and + may stand before it.
_sockwatch_list() {
    local prefix='' last=${cur##*,}
    [[ $cur != *,* ]] || prefix=${cur%,*},
    if [[ $last == [-+]* ]]; then
        prefix+=${last:0:1}
        last=${last:1}
    fi
    mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$1" -- "$last")
    _sockwatch_compopt nospace
}

_sockwatch_files() {
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    _sockwatch_compopt filenames
}

# The program itself knows them.
_sockwatch_columns() {
    command "$1" --columns=help 2>/dev/null | awk '{ print $1 }'
}

# The value of a long option. False if it takes none that we know.
_sockwatch_value() {
    case $2 in
        --color) _sockwatch_words 'auto always never' ;;
        --columns) _sockwatch_list "$(_sockwatch_columns "$1") help" ;;
        --format) _sockwatch_words 'text json csv xp' ;;
        --mode) _sockwatch_words 'auto trampoline tracepoint' ;;
        --netns) _sockwatch_words "self $(ls /run/netns 2>/dev/null)" ;;
        --proto) _sockwatch_words 'tcp udp tcpv6 udpv6 ip ipv6 icmp icmpv6' ;;
        --read | --write) _sockwatch_files ;;
        --ring-size) _sockwatch_words '64K 1M 8M 64M 1G' ;;
        --sort) _sockwatch_words "$(_sockwatch_columns "$1")" ;;
        --style) _sockwatch_words 'xp linux' ;;
        --verify) _sockwatch_words '5 30 60' ;;
        *) return 1 ;;
    esac
}

_sockwatch_states='LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE
    CLOSE_WAIT LAST_ACK CLOSING BOUND_INACTIVE UNCONN'

# A word of a filter, by the one before it; the first words may be others too.
_sockwatch_filter() {
    case $1 in
        state | exclude) _sockwatch_list "$_sockwatch_states all connected synchronized bucket big" ;;
        sport | dport | port) mapfile -t COMPREPLY < <(compgen -A service -- "$cur") ;;
        proto) _sockwatch_words 'tcp udp tcpv6 udpv6' ;;
        family) _sockwatch_words 'inet inet6' ;;
        user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
        pid) _sockwatch_words "$(cd /proc && echo [0-9]*)" ;;
        exe) _sockwatch_files ;;
        src | dst | host | uid | comm | cgroup | container | pod | unit | netns) ;;
        *) _sockwatch_words "$2 state exclude sport dport port src dst host pid uid user comm exe
            cgroup container pod unit netns proto family and or not" ;;
    esac
}

# After "trace ... --" stands a command of its own.
_sockwatch_command() {
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif ((COMP_CWORD == $1)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    else
        _sockwatch_files
    fi
}

_sockwatch() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' options others='' i
    local sockets='--all --listening --proto= --tcp --udp --raw --unix --ipv4 --ipv6 --netns=
        --programs --executable --verbose --timers --peers --extend --numeric --fqdn --interfaces --routes
        --statistics --json --format= --columns= --sort= --no-header --wide --color --style=
        --continuous --verify= --no-sandbox --help --version -a -b -c -e -f -h -H -i -j -l -n -N -o -p -r -s -t -u -v -w
        -W -x -4 -6'
    local trace='--json --verbose --existing --failed --peers --write= --read= --ring-size= --mode=
        --strict --verify= --color --no-sandbox --help -j -v -h'

    COMPREPLY=()
    ((COMP_CWORD < 2)) || [[ ${COMP_WORDS[1]} != @(trace|doctor|states) ]] || verb=${COMP_WORDS[1]}
    if [[ $verb == trace ]]; then
        for ((i = 2; i < COMP_CWORD; i++)); do
            [[ ${COMP_WORDS[i]} != -- ]] || { _sockwatch_command $((i + 1)); return; }
        done
    fi

    # "=" is a word of its own: --option = value, keyword = value, keyword ! = value.
    if [[ $cur == = ]]; then
        cur=
    else
        case $before in
            = | == | != | '<' | '<=' | '>' | '>=' | eq | ne | lt | le | gt | ge)
                before=${COMP_WORDS[COMP_CWORD - 2]}
                [[ $before != ! ]] || before=${COMP_WORDS[COMP_CWORD - 3]}
                ;;
            -N) before=--netns ;;
            --color) before='' ;; # its value stands behind a "=" only
        esac
    fi
    _sockwatch_value "$1" "$before" && return

    case $verb in
        trace) options=$trace ;;
        doctor | states) options='--json --help -j -h' ;;
        *) options=$sockets ;;
    esac
    if [[ $cur == -* ]]; then
        _sockwatch_words "$options"
    elif [[ $verb == states ]]; then
        _sockwatch_words "$_sockwatch_states"
    elif [[ $verb != doctor ]]; then
        ((COMP_CWORD > 1)) || others='trace doctor states'
        case $verb$before in
            trace* | --*) ;;
            -*p) others='tcp udp tcpv6 udpv6 ip ipv6 icmp icmpv6' ;;
        esac
        _sockwatch_filter "$before" "$others"
    fi
}

complete -F _sockwatch sockwatch
