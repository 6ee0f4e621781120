# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for sockwatch(8).

set -l verbs trace doctor states
set -l bare "not __fish_seen_subcommand_from $verbs"
set -l trace '__fish_seen_subcommand_from trace; and not contains -- -- (commandline -opc)'
set -l filter "not __fish_seen_subcommand_from doctor states; and not contains -- -- (commandline -opc)"

# The program itself knows them, with a help for each.
function __sockwatch_columns
    command sockwatch --columns=help 2>/dev/null | string replace -r '^(\S+)\s+' '$1\t'
end

# One more column at the end of a list with commas.
function __sockwatch_column_list
    set -l list (string replace -r '^--columns=' '' -- (commandline -ct))
    set -l before (string replace -r '[^,]*$' '' -- $list)
    for column in (__sockwatch_columns)
        echo $before$column
    end
end

function __sockwatch_states
    string split ' ' 'LISTEN SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK CLOSING BOUND_INACTIVE UNCONN'
end

function __sockwatch_netns
    echo self
    path basename /run/netns/* 2>/dev/null
end

# After "trace ... --" stands a command of its own.
function __sockwatch_command
    set -l words (commandline -opc) (commandline -ct)
    set -l begin (math 1 + (contains -i -- -- $words))
    complete -C "$words[$begin..-1]"
end

# The keyword that a value is expected for: the word before, or the one before an operator.
function __sockwatch_after
    set -l words (commandline -opc)
    contains -- "$words[-1]" = == != eq ne '<' '<=' '>' '>=' lt le gt ge; and set -e words[-1]
    contains -- "$words[-1]" $argv
end

function __sockwatch_expects_keyword
    not __sockwatch_after state exclude sport dport port src dst host pid uid user comm exe cgroup container pod unit netns proto family
end

complete -c sockwatch -f

# Commands.
complete -c sockwatch -n __fish_use_subcommand -a trace -d 'Every TCP transition as it happens'
complete -c sockwatch -n __fish_use_subcommand -a doctor -d 'What this kernel lets us see'
complete -c sockwatch -n __fish_use_subcommand -a states -d 'What each TCP state means'
complete -c sockwatch -n '__fish_seen_subcommand_from states' -a '(__sockwatch_states)'
complete -c sockwatch -s h -l help -d 'A summary'
complete -c sockwatch -s j -l json -d 'One JSON object a line'

# The bare command.
complete -c sockwatch -n $bare -s a -l all -d 'Listeners too'
complete -c sockwatch -n $bare -s l -l listening -d 'Only listeners'
complete -c sockwatch -n $bare -l proto -x -a 'tcp udp tcpv6 udpv6 ip ipv6 icmp icmpv6' -d 'Only this protocol'
complete -c sockwatch -n $bare -s t -l tcp -d 'TCP, both families'
complete -c sockwatch -n $bare -s u -l udp -d 'UDP, both families'
complete -c sockwatch -n $bare -s w -l raw -d 'Raw sockets'
complete -c sockwatch -n $bare -s x -l unix -d 'Unix sockets'
complete -c sockwatch -n $bare -s 4 -l ipv4 -d 'Only IPv4'
complete -c sockwatch -n $bare -s 6 -l ipv6 -d 'Only IPv6'
complete -c sockwatch -n $bare -s N -l netns -x -a '(__sockwatch_netns)' -d 'Of one network namespace'
complete -c sockwatch -n $bare -s p -d 'Before a protocol only that, else programs'
complete -c sockwatch -n $bare -l programs -d 'PID and name of the owner'
complete -c sockwatch -n $bare -s b -l executable -d 'The owner\'s full path'
complete -c sockwatch -n $bare -s v -l verbose -d 'With -b also what led to it, with -r all tables'
complete -c sockwatch -n $bare -s o -d 'PID of the owner, among Linux switches timers too'
complete -c sockwatch -n $bare -l timers -d 'What the kernel waits for, and how long'
complete -c sockwatch -n $bare -l peers -d 'Whom UDP sockets talk to, while we watch'
complete -c sockwatch -n $bare -l extend -d 'User, inode, cookie, holders, counters, cgroup'
complete -c sockwatch -n $bare -s n -l numeric -d 'Numbers instead of names'
complete -c sockwatch -n $bare -s f -l fqdn -d 'Full host names'
complete -c sockwatch -n $bare -s e -d 'Totals of the interfaces, among Linux switches --extend'
complete -c sockwatch -n $bare -s i -l interfaces -d 'A line for each interface'
complete -c sockwatch -n $bare -s r -l routes -d 'The routing tables'
complete -c sockwatch -n $bare -s s -l statistics -d 'The kernel\'s counters, by protocol'
complete -c sockwatch -n $bare -l format -x -a 'text json csv xp' -d 'How it is written'
complete -c sockwatch -n $bare -l columns -x -a '(__sockwatch_column_list)' -d 'These columns'
complete -c sockwatch -n $bare -l sort -x -a '(__sockwatch_columns)' -d 'By this column'
complete -c sockwatch -n $bare -s H -l no-header -d 'Rows only'
complete -c sockwatch -n $bare -s W -l wide -d 'As wide as it takes'
complete -c sockwatch -n $bare -l style -x -a 'xp linux' -d 'Whose -e, -o and -p are meant'
complete -c sockwatch -n $bare -s c -l continuous -d 'Every second, or every INTERVAL seconds'
complete -c sockwatch -n $bare -s V -l version -d 'The version'
complete -c sockwatch -n "$bare; and string match -qr -- '^-[^-]*p\$' (commandline -opc)[-1]" -a 'tcp udp tcpv6 udpv6 ip ipv6 icmp icmpv6'

# trace, and what both have.
complete -c sockwatch -n "not __fish_seen_subcommand_from doctor states" -l color -a 'auto always never' -d Colours
complete -c sockwatch -n "not __fish_seen_subcommand_from doctor states" -l no-sandbox -d 'Keep all privileges, to debug'
complete -c sockwatch -n "not __fish_seen_subcommand_from doctor states" -l verify -x -a '5 30 60' -d 'Compare with the kernel so often, in seconds'
complete -c sockwatch -n $trace -s v -l verbose -d 'With parents and stacks: what led to it'
complete -c sockwatch -n $trace -l existing -d 'First the sockets that are there already'
complete -c sockwatch -n $trace -l failed -d 'Only connects that failed, and why'
complete -c sockwatch -n $trace -l peers -d 'Count whom UDP sockets talk to, told when they close'
complete -c sockwatch -n $trace -l write -r -F -d 'Keep the records too'
complete -c sockwatch -n $trace -l read -r -F -d 'Show a recording'
complete -c sockwatch -n $trace -l ring-size -x -a '64K 1M 8M 64M 1G' -d 'Size of the kernel\'s buffer'
complete -c sockwatch -n $trace -l mode -x -a 'auto trampoline tracepoint' -d 'Which hooks to use'
complete -c sockwatch -n $trace -l strict -d 'Exit with status 3 if events were lost'
complete -c sockwatch -n '__fish_seen_subcommand_from trace; and contains -- -- (commandline -opc)' -a '(__sockwatch_command)'

# Filters.
complete -c sockwatch -n "$filter; and __sockwatch_expects_keyword" -a 'state exclude sport dport port src dst host pid uid user comm exe cgroup container pod unit netns proto family and or not'
complete -c sockwatch -n "$filter; and __sockwatch_after state exclude" -a '(__sockwatch_states) all connected synchronized bucket big'
complete -c sockwatch -n "$filter; and __sockwatch_after sport dport port" -a "(string match -rg '^([a-z]\S+)' </etc/services)"
complete -c sockwatch -n "$filter; and __sockwatch_after pid" -a '(__fish_complete_pids)'
complete -c sockwatch -n "$filter; and __sockwatch_after user" -a '(__fish_complete_users)'
complete -c sockwatch -n "$filter; and __sockwatch_after exe" -F
complete -c sockwatch -n "$filter; and __sockwatch_after proto" -a 'tcp udp tcpv6 udpv6'
complete -c sockwatch -n "$filter; and __sockwatch_after family" -a 'inet inet6'
