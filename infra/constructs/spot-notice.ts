import * as ec2 from "aws-cdk-lib/aws-ec2";

/**
 * What an instance runs beside the ECS agent: it asks its metadata every five seconds whether it will be reclaimed, and
 * then sends SIGTERM to the containers, two minutes ahead, so that training writes its checkpoint. Neither Batch nor the
 * agent passes the notice to the containers of a job.
 */
const watcher = `#!/bin/bash
metadata=http://169.254.169.254/latest
while sleep 5; do
  token=$(curl -sf -X PUT "$metadata/api/token" -H 'X-aws-ec2-metadata-token-ttl-seconds: 60') || continue
  curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/spot/instance-action" >/dev/null || continue
  docker ps -q --filter 'label=com.amazonaws.ecs.task-arn' | xargs -r docker kill --signal TERM
  exit 0
done`;

const unit = `[Unit]
Description=Tells training that its instance will be reclaimed
After=docker.service
[Service]
ExecStart=/usr/local/bin/spot-notice
[Install]
WantedBy=multi-user.target`;

/** User data of training instances, in the MIME form that Batch merges with its own. */
export function spotNoticeUserData(): ec2.MultipartUserData {
  const commands = ec2.UserData.forLinux();
  commands.addCommands(
    `cat >/usr/local/bin/spot-notice <<'EOF'\n${watcher}\nEOF`,
    "chmod 755 /usr/local/bin/spot-notice",
    `cat >/etc/systemd/system/spot-notice.service <<'EOF'\n${unit}\nEOF`,
    "systemctl daemon-reload",
    // Docker is started after user data; waiting for it here would wait for ever.
    "systemctl enable --now --no-block spot-notice.service",
  );
  const userData = new ec2.MultipartUserData();
  userData.addPart(ec2.MultipartBody.fromUserData(commands));
  return userData;
}
