# NixOS writes master.cf anew with each activation, so the entry is set here and `scache install` isn't used.
# `scache` is this package; import this module beside services.postfix.
{ pkgs, scache, ... }:
let
  program = pkgs.runCommand "scache-python" { } ''
    ${scache}/bin/scache zipapp --python ${pkgs.python3}/bin/python3 $out
  '';
in
{
  # master.cf can't hold an absolute path, but one that climbs out of daemon_directory.
  services.postfix.masterConfig.scache = {
    type = "unix";
    maxproc = 1;
    command = "../../../../../..${program}";
  };
  systemd.services.postfix.serviceConfig.ExecStartPost = "-${scache}/bin/scache check";
}
