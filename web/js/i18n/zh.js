// 简体中文。

export const language = "zh-Hans";

export const words = {
  "connection.connecting": "正在连接…",
  "connection.again": "正在重新连接…",
  "connection.connected": "已连接",
  "connection.waiting": "{seconds} 秒后重新连接",
  "connection.lost": "连接已断开，正在重新连接。",
  "connection.offline": "离线",
  "connection.stopped": "已断开",
  "connection.retry": "重新连接",

  "list.label": "消息",
  "list.empty.title": "还没有人说话",
  "list.empty.text": "你写下的内容，所有打开此页面的人都能看到。",
  "list.unseen": { other: "{count} 条新消息" },

  "composer.label": "消息",
  "composer.placeholder": "写点什么",
  "composer.send": "发送",

  "hint.ready": "按 Enter 发送，按 Shift+Enter 换行。",
  "hint.connecting": "正在连接，你可以先写。",
  "hint.waiting": "尚未连接。你写的内容会保留在这里，连接后即可发送。",
  "hint.offline": "你的设备处于离线状态。你写的内容会保留在这里。",
  "hint.returned": "这段话尚未收到回执，连接就断开了。其他人可能没有看到：请确认后再发送。",
  "hint.full": "服务器已满，稍后会自动重试。你写的内容会保留在这里。",
  "hint.flooding": "发送得太快了，稍后会自动重试。",
  "hint.tooBig": "这条消息超出了服务器的上限。请缩短后重新连接。",
  "hint.ended": "服务器结束了这次会话。你可以随时重新连接。",
  "hint.misunderstood": "页面与服务器之间出现了通信错误。请刷新页面，或重新连接。",
  "hint.refused": "服务器未允许你进入。请刷新页面，或重新连接。",
  "hint.removed": "管理员已将你移出这次会话。",
};
